/** The page of a diagnosis, as people read it at 02:00 and as the documentation prints it: made from what is in the code. */
import { explanations } from '../judgement/explain.ts'
import type { Remediation } from '../remediations/define.ts'
import type { Diagnosis } from '../diagnoses/define.ts'

const roleWords = {
  cause: 'A cause: requests fail because of it.',
  consequence: 'A consequence: something else is the cause.',
  risk: 'A risk: nothing is broken yet.',
  note: 'A note: worth knowing, asks for nothing.',
} as const

/** Markdown that reads well without being rendered. */
export function diagnosisPage(
  { id, title, role, meaning }: Omit<Diagnosis, 'judge'>,
  remediations: readonly Remediation[],
): string {
  const clearing = remediations.filter(({ clears }) => clears.includes(id))
  const by = explanations.filter(({ finding }) => finding === id)
  const explains = explanations.filter((each) => each.by === id)
  return [
    `# ${title}`,
    `\`${id}\`. ${roleWords[role]}`,
    meaning,
    ...section(
      'What clears it',
      clearing.map((each) => `\`${each.id}\`: ${each.title}`),
    ),
    ...section(
      'What may explain it',
      by.map((each) => `\`${each.by}\`: ${each.why}`),
    ),
    ...section(
      'What it explains',
      explains.map((each) => `\`${each.finding}\`: ${each.why}`),
    ),
  ]
    .join('\n\n')
    .concat('\n')
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`## ${title}`, lines.map((line) => `- ${line}`).join('\n')]
}
