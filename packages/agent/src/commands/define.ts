/** What a command of `fleetmend-agent` is: words, options, and one function from parsed arguments to an exit code. */
import type { ParseArgsOptionsConfig } from 'node:util'
import type { ExitCode, Paint } from '@fleetmend/shared'
import type { Host } from '../host/host.ts'
import type { OwnState } from '../own-state.ts'

export interface Streams {
  /** Data. */
  out(text: string): void
  /** Progress and problems. */
  err(text: string): void
  readonly paint: Paint
  /** Asked for with `--json`: then a problem is a document, too, and no less so for being one. */
  readonly wantsDocument?: boolean
}

export interface CommandContext {
  readonly positionals: readonly string[]
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  readonly streams: Streams
  readonly host: Host
  state(): Promise<OwnState>
  /** For a command that lasts: aborted by SIGTERM or SIGINT, which from then on leave it to the command to end. */
  untilTold(): AbortSignal
}

export interface Command {
  readonly name: string
  readonly summary: string
  readonly usage: string
  readonly options: ParseArgsOptionsConfig
  /** How many words it takes besides its options; `any`: what it does not know it passes over. */
  readonly words: { readonly min: number; readonly max: number } | 'any'
  /** It looks at nothing that is another's. */
  readonly needsNoRoot?: true
  run(context: CommandContext): Promise<ExitCode>
}

export const jsonOption = { json: { type: 'boolean' } } as const satisfies ParseArgsOptionsConfig

/** One document on stdout, for programs. */
export function printJson(streams: Streams, document: unknown): void {
  streams.out(`${JSON.stringify(document, null, 2)}\n`)
}
