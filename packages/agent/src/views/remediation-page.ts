/** The page of a remediation: what it does and when, what it takes, what it disturbs, by hand, and how it is undone. */
import type { Diagnosis } from '../diagnoses/define.ts'
import type { Remediation } from '../remediations/define.ts'
import { fieldsOf, type Field } from '../remediations/read-input.ts'

/** Markdown that reads well without being rendered. */
export function remediationPage(
  remediation: Remediation,
  diagnoses: readonly Pick<Diagnosis, 'id' | 'title'>[],
): string {
  const { id, title, meaning, clears, disturbs, byHand, undone } = remediation
  const cleared = clears.flatMap((each) => diagnoses.filter((diagnosis) => diagnosis.id === each))
  return [
    `# ${title}`,
    `\`${id}\``,
    meaning,
    ...(cleared.length === 0
      ? []
      : ['## What it clears', cleared.map((each) => `- \`${each.id}\`: ${each.title}`).join('\n')]),
    '## What it takes',
    Object.entries(fieldsOf(remediation))
      .map(([name, field]) => `- \`${name}\`${boundsOf(field)}: ${field.description ?? ''}`)
      .join('\n'),
    '## What it disturbs',
    disturbs,
    '## By hand',
    byHand,
    '## How it is undone',
    undone,
  ]
    .join('\n\n')
    .concat('\n')
}

function boundsOf({ default: standard, minimum, maximum, enum: choice }: Field): string {
  const words = [
    ...(minimum !== undefined && maximum !== undefined ? [`${minimum} to ${maximum}`] : []),
    ...(choice ? [choice.map(String).join(' or ')] : []),
    ...(standard === undefined ? [] : [`${JSON.stringify(standard)} when it is left out`]),
  ]
  return words.length === 0 ? '' : ` (${words.join(', ')})`
}
