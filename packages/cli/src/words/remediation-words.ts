/** `--do ID --input name=value …` as a remediation with typed input, by what the fleet's agents say that it takes. */
import { problem, type OfferedRemediation, type Problem, type SuggestedRemediation } from '@fleetmend/shared'

export type ReadRemediation =
  | { readonly ok: true; readonly value: SuggestedRemediation }
  | { readonly ok: false; readonly problem: Problem }

/** Types only: whether a value makes sense is for each host to say. */
export function readRemediation(
  id: string,
  words: readonly string[],
  catalogue: readonly OfferedRemediation[],
): ReadRemediation {
  const offered = catalogue.find((each) => each.id === id)
  if (!offered) return { ok: false, problem: notOffered(id, catalogue) }
  const fields = fieldsOf(offered)
  const input: Record<string, string | number | boolean> = {}
  for (const word of words) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    if (!Object.hasOwn(fields, name)) {
      const takes = Object.entries(fields).map(
        ([field, { description }]) => `    ${field.padEnd(16)} ${description ?? ''}`,
      )
      const says = name === '' ? `"${word}" is not of the form name=value.` : `${id} takes no input "${name}".`
      return { ok: false, problem: problem('bad-input', `${says} It takes:\n\n${takes.join('\n')}`) }
    }
    input[name] = typed(fields[name]?.type, value)
  }
  return { ok: true, value: { id, input } }
}

export interface Field {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
}

export function fieldsOf({ input }: OfferedRemediation): Readonly<Record<string, Field>> {
  const { properties } = input
  return typeof properties === 'object' && properties !== null ? (properties as Record<string, Field>) : {}
}

export function typed(type: string | undefined, value: string): string | number | boolean {
  if ((type === 'integer' || type === 'number') && /^-?\d{1,15}$/.test(value)) return Number(value)
  return type === 'boolean' && (value === 'true' || value === 'false') ? value === 'true' : value
}

export function notOffered(id: string, catalogue: readonly OfferedRemediation[]): Problem {
  return problem('unknown-remediation', unknown(id, catalogue))
}

function unknown(id: string, catalogue: readonly OfferedRemediation[]): string {
  if (catalogue.length === 0)
    return `No connected host offers "${id}", because none is connected. To see who is:\n    fleetmend hosts list`
  const known = catalogue.map((each) => `    ${each.id.padEnd(22)} ${each.title}`)
  return `No connected host offers "${id}". There are:\n\n${known.join('\n')}`
}
