/** A grant from the words of a command line. What comes of it is shown before anybody signs it. */
import { randomBytes } from 'node:crypto'
import { Grant, problem, timedId, type Bound, type OfferedRemediation, type Problem } from '@fleetmend/shared'
import { fieldsOf, notOffered, typed, type Field } from '../words/remediation-words.ts'

export interface GrantWords {
  readonly do: readonly string[]
  readonly input?: readonly string[] | undefined
  readonly between?: readonly string[] | undefined
  readonly any?: readonly string[] | undefined
  readonly host?: readonly string[] | undefined
  readonly perHour: number
  /** Seconds. */
  readonly watch: number
  readonly days: number
  readonly reason: string
}

/** A host whose clock is behind by less than this takes it at once, as it takes an approval. */
const clockToleranceMs = 5 * 60_000

export type DrawnUp = { readonly ok: true; readonly grant: Grant } | { readonly ok: false; readonly problem: Problem }

/** `fleet`: for every host of it; null: for the hosts that are named. `catalogue`: what there is, and with what input. */
export function drawUpGrant(
  words: GrantWords,
  catalogue: readonly OfferedRemediation[],
  fleet: string | null,
  nowMs: number,
): DrawnUp {
  const fields = new Map<string, Field[]>()
  for (const id of words.do) {
    const offered = catalogue.find((each) => each.id === id)
    if (!offered) return { ok: false, problem: notOffered(id, catalogue) }
    for (const [name, field] of Object.entries(fieldsOf(offered)))
      fields.set(name, [...(fields.get(name) ?? []), field])
  }
  const inputs = boundsOf(words, fields)
  if (typeof inputs === 'string') return refuse(inputs)
  const at = new Date(nowMs).toISOString()
  const parsed = Grant.safeParse({
    format: 'fleetmend.grant/1',
    id: timedId('g', at, randomBytes(2).toString('hex')),
    reason: words.reason,
    remediations: [...words.do],
    inputs,
    hosts: fleet === null ? { named: [...(words.host ?? [])] } : { fleet },
    perHour: words.perHour,
    watchAtLeastMs: words.watch * 1000,
    notBefore: new Date(nowMs - clockToleranceMs).toISOString(),
    notAfter: new Date(nowMs + words.days * 24 * 60 * 60_000).toISOString(),
  })
  if (parsed.success) return { ok: true, grant: parsed.data }
  const [issue] = parsed.error.issues
  return refuse(`This is no grant (${issue?.path.join('.')}: ${issue?.message}).`)
}

type Fields = ReadonlyMap<string, readonly Field[]>

/** What is wrong with them, as a sentence, or the bounds. */
function boundsOf(
  { input = [], between = [], any = [] }: GrantWords,
  fields: Fields,
): Readonly<Record<string, Bound>> | string {
  const bounds = new Map<string, Bound>()
  for (const word of input) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    if (name === undefined || value === undefined) return `"${word}" is not of the form name=value.`
    const before = bounds.get(name)
    const allowed = typed(fields.get(name)?.[0]?.type, value)
    bounds.set(name, { oneOf: [...(before && 'oneOf' in before ? before.oneOf : []), allowed] })
  }
  for (const word of between) {
    const [, name, least, most] = /^([^=]+)=(-?\d{1,15})\.\.(-?\d{1,15})$/.exec(word) ?? []
    if (name === undefined) return `"${word}" is not of the form name=5..40.`
    if (bounds.has(name)) return `${name} has two bounds.`
    bounds.set(name, { atLeast: Number(least), atMost: Number(most) })
  }
  for (const name of any) {
    if (bounds.has(name)) return `${name} has two bounds.`
    bounds.set(name, { any: true })
  }
  const strange = [...bounds.keys()].find((name) => !fields.has(name))
  if (strange !== undefined) return `None of these remediations takes an input "${strange}".`
  return Object.fromEntries([...defaultsOf(fields), ...bounds])
}

/** What stands in a plan although nobody said it must be granted too: its default, and nothing else. */
function defaultsOf(fields: Fields): readonly (readonly [string, Bound])[] {
  return [...fields].flatMap(([name, same]) => {
    const values = same.map((field) => field.default).filter(isScalar)
    return values.length === 0 ? [] : [[name, { oneOf: [...new Set(values)] }] as const]
  })
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function refuse(says: string): DrawnUp {
  return { ok: false, problem: problem('usage', says) }
}
