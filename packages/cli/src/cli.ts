/** What every command is given instead of the process it runs in. */
import { userInfo } from 'node:os'
import { Manifest, type ExitCode } from '@fleetmend/shared'
import type { WayFound } from './connection/way.ts'
import type { Interruption } from './interruption.ts'
import type { Streams } from './streams.ts'

export interface Patience {
  /** How long a controller that went away is waited for. */
  readonly reconnectMs: number
  /** Between two attempts. */
  readonly againMs: number
}

export const defaultPatience: Patience = { reconnectMs: 60_000, againMs: 500 }

/** What of a command is the machine's: who is there, what is set, what time it is. */
export interface Surroundings {
  readonly streams: Streams
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly interruption: Interruption
  readonly patience: Patience
  readonly nowMs: () => number
}

export interface Cli extends Surroundings {
  /** Where a controller on this machine listens, as options and environment say. */
  readonly socketPath: () => string
  /** Which controller is meant. */
  readonly way: () => WayFound
  /** Whether long text may go through a pager, as options say. */
  readonly mayPage: () => boolean
  /** Makes a command's work, which answers with an exit code, an action. */
  readonly action: <Words extends readonly unknown[]>(
    work: (...words: Words) => Promise<ExitCode>,
  ) => (...words: Words) => Promise<void>
}

export const defaultSocketPath = '/run/fleetmend/controller.sock'

/** Who is asking, in their own words: whoever reaches the socket owns it. */
export function whoAsks({ environment }: Pick<Cli, 'environment'>): string {
  const named = [environment['FLEETMEND_USER'], environment['SUDO_USER'], environment['USER'], accountName()]
  return named.find((name) => Manifest.shape.requester.safeParse(name).success) ?? 'unknown'
}

function accountName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    // An account without an entry in the list of users, as in a container.
    return undefined
  }
}
