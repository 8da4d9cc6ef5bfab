/** Opens a session on each host that a person names, a few at a time, and closes them all whatever happens meanwhile. */
import { exitCodes, problem, safeLine, type ExitCode, type Problem } from '@fleetmend/shared'
import type { SshConnection, SshOutcome } from '@fleetmend/ssh'
import type { Cli } from '../cli.ts'
import { liveLine } from '../progress/live-line.ts'
import type { FilesFound, Architecture } from './agent-files.ts'
import { atOnce } from './at-once.ts'
import { openSession, type HostSession } from './open-session.ts'

/** A host by the name that the person gave it. */
export type ReachedHost<Session extends Closed = HostSession> = { readonly name: string } & (
  | { readonly ok: true; readonly session: Session }
  | { readonly ok: false; readonly problem: Problem }
)

interface Closed {
  /** Null: nothing is left there; otherwise what is, and why. */
  close(): Promise<string | null>
}

/** `says`: what is being done, for whoever waits. */
type OpenHost<Session> = (
  name: string,
  signal: AbortSignal,
  says: (text: string) => void,
) => Promise<SshOutcome<Session>>

/** How hosts are reached, and what is put on those that have no agent. */
export interface Reach {
  readonly connect: (name: string, signal: AbortSignal) => Promise<SshOutcome<SshConnection>>
  readonly filesFor: (architecture: Architecture) => Promise<FilesFound>
  readonly keep: boolean
}

/** Enough to be quick over a slow line, few enough not to fill it. */
const openingAtOnce = 8

export function withHosts(
  cli: Cli,
  names: readonly string[],
  { connect, filesFor, keep }: Reach,
  work: (hosts: readonly ReachedHost[], signal: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const open: OpenHost<HostSession> = (name, signal, says) =>
    openSession({ connect: (until) => connect(name, until), filesFor, keep, signal, says })
  return withOpened(cli, names, open, work)
}

/** The same with whatever else is opened on a host, and must be closed. */
export async function withOpened<Session extends Closed>(
  cli: Cli,
  names: readonly string[],
  open: OpenHost<Session>,
  work: (hosts: readonly ReachedHost<Session>[], signal: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { interruption, streams } = cli
  const ended = new AbortController()
  const interrupted = Promise.withResolvers<ExitCode>()
  interruption.end = () => {
    interruption.end = null
    streams.err('\nTaking away what was put on the hosts. Again to leave at once.\n')
    ended.abort()
    interrupted.resolve(exitCodes.interrupted)
  }
  const wait = waiting(cli)
  const opened = atOnce([...new Set(names)], openingAtOnce, async (name) => {
    const host = await openOn(name, open, ended.signal, (text) => wait.says(name, text))
    wait.says(name, null)
    return host
  })
  try {
    const worked = opened.then((hosts) => {
      wait.end()
      return ended.signal.aborted ? exitCodes.interrupted : work(hosts, ended.signal)
    })
    worked.catch(() => undefined)
    return await Promise.race([worked, interrupted.promise])
  } finally {
    wait.end()
    const hosts = await opened.catch(() => [])
    const left = await Promise.all(hosts.map(leave))
    for (const says of left) if (says !== null) streams.err(`${safeLine(says)}\n`)
    interruption.end = null
  }
}

async function openOn<Session extends Closed>(
  name: string,
  open: OpenHost<Session>,
  signal: AbortSignal,
  says: (text: string) => void,
): Promise<ReachedHost<Session>> {
  try {
    const session = await open(name, signal, says)
    return session.ok ? { name, ok: true, session: session.value } : { name, ...session }
  } catch (error) {
    if (!signal.aborted) throw error
    return { name, ok: false, problem: problem('unreachable', 'It was left before it had answered.') }
  }
}

async function leave(host: ReachedHost<Closed>): Promise<string | null> {
  const left = host.ok ? await host.session.close() : null
  return left === null ? null : `${host.name}: ${left}`
}

/** One line for all of them: the last who said something, and how many are not there yet. */
function waiting({ streams }: Cli) {
  const line = liveLine(streams)
  const doing = new Map<string, string>()
  return {
    says(name: string, text: string | null): void {
      doing.delete(name)
      if (text !== null) doing.set(name, text)
      const last = [...doing].at(-1)
      const others = doing.size > 1 ? ` · ${doing.size - 1} more under way` : ''
      if (last) line.show(`${safeLine(last[0])}: ${last[1]}${others}`)
      else line.clear()
    },
    end: () => line.clear(),
  }
}
