/** Inputs as people and wires give them, parsed by a remediation's schema, with a sentence for whatever does not fit. */
import type { PlannedRemediation } from '@fleetmend/shared'
import * as z from 'zod/mini'
import type { Remediation } from './define.ts'

export type ReadInput =
  | { readonly ok: true; readonly input: PlannedRemediation['input'] }
  | { readonly ok: false; readonly says: string }

export function readInput(remediation: Remediation, given: Readonly<Record<string, unknown>>): ReadInput {
  const parsed = z.safeParse(remediation.input, given)
  if (parsed.success) return { ok: true, input: parsed.data as PlannedRemediation['input'] }
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`)
  return { ok: false, says: `${issues.join('; ')}. ${remediation.id} takes ${describeInput(remediation)}.` }
}

/** `k=v` words of a command line, each turned into the type that the schema has for it. */
export function inputFromWords(remediation: Remediation, words: readonly string[]): ReadInput {
  const given: Record<string, unknown> = {}
  for (const word of words) {
    const equals = word.indexOf('=')
    if (equals < 1)
      return {
        ok: false,
        says: `"${word}" is not of the form name=value. ${remediation.id} takes ${describeInput(remediation)}.`,
      }
    const name = word.slice(0, equals)
    given[name] = typed(fieldsOf(remediation)[name]?.type, word.slice(equals + 1))
  }
  return readInput(remediation, given)
}

/** One field of an input, in the words of JSON Schema. */
export interface Field {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly unknown[]
}

/** The input as JSON Schema (2020-12): what `hello` sends and the docs print. */
export function inputSchema(remediation: Remediation): Record<string, unknown> {
  return { ...z.toJSONSchema(remediation.input, { io: 'input' }) }
}

export function fieldsOf(remediation: Remediation): Readonly<Record<string, Field>> {
  return (inputSchema(remediation)['properties'] ?? {}) as Record<string, Field>
}

function typed(type: string | undefined, value: string): unknown {
  if ((type === 'integer' || type === 'number') && /^-?\d+$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

function describeInput(remediation: Remediation): string {
  return Object.entries(fieldsOf(remediation))
    .map(([name, field]) => `${name} (${field.description ?? field.type ?? 'text'})`)
    .join(', ')
}
