/** The policy that is packaged: every key with what it is for, its default commented out. Made from the schema. */
import { Policy } from '@fleetmend/shared'
import * as z from 'zod/mini'
import { freezePath, policyPath } from '../judgement/brakes.ts'

const columns = 110

/** As JSON Schema tells it; only what is used here. */
interface Key {
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Key>>
}

export function policyExample(): string {
  const schema = z.toJSONSchema(Policy, { io: 'input' }) as Key
  return `${[intro(), ...keysOf(schema).map(([name, key]) => block(name, key))].join('\n\n')}\n`
}

function intro(): string {
  return [
    ...prose(
      `What may be done to this host, whoever asks for it. Copy this to ${policyPath}, owned by root and writable by nobody ` +
        'else. Lines that begin with # and a word are the defaults. A key that is unknown or has no valid value lets nothing be ' +
        'applied at all, so look at what it comes to: fleetmend-agent policy',
    ),
    '#',
    ...prose(
      `While there is a file ${freezePath}, nothing is applied either; what stands in it is told as the reason. A rollback is ` +
        'never held back, and a plan that has begun is carried through.',
    ),
  ].join('\n')
}

function block(name: string, key: Key): string {
  const nested = keysOf(key)
  const lines = nested.flatMap(([inner, value]) => [
    ...prose(value.description).map((line) => `  ${line}`),
    `  ${inner}: ${scalar(value.default)}`,
  ])
  const settings = nested.length > 0 ? [`${name}:`, ...lines] : [`${name}: ${scalar(key.default)}`]
  return [...prose(key.description), ...settings.map((line) => `#${line}`)].join('\n')
}

function keysOf({ properties = {} }: Key): readonly (readonly [string, Key])[] {
  return Object.entries(properties)
}

/** JSON but for words, which YAML takes without quotes. */
function scalar(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function prose(text = ''): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && `${last} ${word}`.length <= columns) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`# ${word}`)
  }
  return lines
}
