/**
 * Which hosts a person means, by label, in the language of Kubernetes' label selectors. All requirements must hold; as
 * there, `!=` and `notin` also select hosts that do not have the label. Pure.
 */
import { LabelKey, LabelValue, problem, type Labels, type Problem } from '@fleetmend/shared'

export type Requirement =
  | { readonly key: string; readonly is: 'in' | 'not-in'; readonly values: readonly string[] }
  | { readonly key: string; readonly is: 'present' | 'absent' }

export type SelectorRead =
  | { readonly ok: true; readonly value: readonly Requirement[] }
  | { readonly ok: false; readonly problem: Problem }

/** Nobody types this much; what does is a program gone wrong. */
const maxCharacters = 4096

export function readSelector(text: string): SelectorRead {
  if (text.trim() === '') return refuse(text, 'it is empty, and would select every host')
  if (text.length > maxCharacters) return refuse(text, `it is longer than ${maxCharacters} characters`)
  const requirements: Requirement[] = []
  for (const part of splitAtCommas(text)) {
    const requirement = readRequirement(part.trim())
    if (typeof requirement === 'string') return refuse(text, requirement)
    requirements.push(requirement)
  }
  return { ok: true, value: requirements }
}

export function selects(requirements: readonly Requirement[], labels: Labels): boolean {
  return requirements.every((requirement) => {
    // Only what was set counts: every object also has a `constructor`.
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
    switch (requirement.is) {
      case 'present':
        return value !== undefined
      case 'absent':
        return value === undefined
      case 'in':
        return value !== undefined && requirement.values.includes(value)
      case 'not-in':
        return value === undefined || !requirement.values.includes(value)
    }
  })
}

/** At the commas between requirements, not at those within brackets. */
function splitAtCommas(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let begin = 0
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '(') depth++
    if (text[index] === ')') depth--
    if (text[index] !== ',' || depth > 0) continue
    parts.push(text.slice(begin, index))
    begin = index + 1
  }
  return [...parts, text.slice(begin)]
}

const absent = /^!\s*(?<key>[^\s=!(),]+)$/
const compared = /^(?<key>[^\s=!(),]+)\s*(?<operator>==|=|!=)\s*(?<value>[^\s=!(),]*)$/
const listed = /^(?<key>[^\s=!(),]+)\s+(?<operator>in|notin)\s*\((?<values>[^()]*)\)$/
const present = /^(?<key>[^\s=!(),]+)$/

/** A requirement, or why it is none. */
function readRequirement(text: string): Requirement | string {
  if (text === '') return 'a requirement is missing beside a comma'
  const found = [absent, compared, listed, present].map((form) => form.exec(text)?.groups).find((groups) => groups)
  if (!found) return `${quoted(text)} is not a requirement`
  const { key = '', operator, value, values } = found
  if (!LabelKey.safeParse(key).success) {
    return `${quoted(key)} cannot be the name of a label: up to 63 letters, digits, \`-\`, \`_\`, \`.\`, beginning and ending with a letter or digit`
  }
  if (operator === undefined) return { key, is: absent.test(text) ? 'absent' : 'present' }
  const list = values === undefined ? [value ?? ''] : values.split(',').map((each) => each.trim())
  const strange = list.find((each) => !LabelValue.safeParse(each).success)
  if (strange !== undefined) return `${quoted(strange)} cannot be the value of a label`
  return { key, is: operator === '!=' || operator === 'notin' ? 'not-in' : 'in', values: list }
}

function refuse(text: string, why: string): SelectorRead {
  return {
    ok: false,
    problem: problem(
      'usage',
      `Cannot read the selector ${quoted(text)}: ${why}.\n\nRequirements are separated by commas, and all must hold:\n    role=web,env in (prod,staging),!retired`,
    ),
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
