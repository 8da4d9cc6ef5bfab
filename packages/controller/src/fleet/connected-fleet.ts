/**
 * The fleet as the run engine knows it, over the sessions of connected agents. A call that has no answer is never taken
 * for a failure: what left this process may have been carried out.
 */
import {
  ApplyNews,
  callFailureOf,
  outcomeIsUnknown,
  problemOf,
  type Asked,
  type Digest,
  type HostId,
  type PlanAnswer,
  type Problem,
  type RemoteAuthority,
  type RunId,
} from '@fleetmend/shared'
import type { ApplyAnswer, Fleet, JournalAnswer, NotReached, OnProgress } from '../runs/fleet-port.ts'
import { lookAgain } from './look-again.ts'
import { notConnected } from './not-connected.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** A host under load looks at itself for some seconds; one that takes longer than this is not going to be repaired now. */
const planLimitMs = 90_000
const beginLimitMs = 60_000
const askLimitMs = 20_000

/** `reported` is called when a host has told what became of an apply, and waited for. */
export function connectedFleet(
  sessions: Sessions,
  reported: (session: Session, run: RunId | null) => Promise<void>,
  isMember: (host: HostId) => Promise<boolean>,
): Fleet {
  return {
    plan: (host, asked, signal) => plan(sessions, host, asked, signal),
    apply: (host, digest, authority, onProgress, signal) =>
      apply(sessions, { host, digest, authority, onProgress, reported }, signal),
    async askApply(host, digest, signal) {
      const said = await askApply(sessions, { host, digest, reported }, signal)
      return said.kind === 'not-reached' && !(await isMember(host)) ? gone(host) : said
    },
    async presence(host) {
      if (sessions.get(host)) return 'here'
      return (await isMember(host)) ? 'away' : 'gone'
    },
    look: (host, signal) => lookAgain(sessions, host, signal),
  }
}

async function plan(
  sessions: Sessions,
  host: HostId,
  asked: Asked,
  signal: AbortSignal,
): Promise<PlanAnswer | NotReached> {
  const session = await sessions.reach(host, signal)
  if (!session) return away(sessions, host)
  try {
    return await session.agent.remediate.plan.mutate(asked, { signal, context: { limitMs: planLimitMs } })
  } catch (error) {
    const told = problemOf(error)
    // Planning changes nothing, so it does not matter whether the question arrived.
    if (callFailureOf(error)) return notReached(error, told)
    return { kind: 'refused', because: told.detail, toDo: `It answered: ${told.title}.` }
  }
}

interface Command {
  readonly host: HostId
  readonly digest: Digest
  readonly authority: RemoteAuthority
  readonly onProgress: OnProgress
  readonly reported: Parameters<typeof connectedFleet>[1]
}

async function apply(sessions: Sessions, command: Command, signal: AbortSignal): Promise<ApplyAnswer> {
  const { host, digest, authority } = command
  const session = await sessions.reach(host, signal)
  if (!session) return away(sessions, host)
  try {
    const options = { signal, context: { limitMs: beginLimitMs } }
    const begun = await session.agent.remediate.begin.mutate({ plan: digest, authority }, options)
    return await follow(session, begun.apply, command, signal)
  } catch (error) {
    const told = problemOf(error)
    if (outcomeIsUnknown(error) || brokeInTheMiddle(told)) return { kind: 'lost', says: told.detail }
    return callFailureOf(error) ? notReached(error, told) : { kind: 'refused', problem: told }
  }
}

async function follow(
  session: Session,
  id: string,
  { authority, onProgress, reported }: Command,
  signal: AbortSignal,
): Promise<ApplyAnswer> {
  try {
    for await (const { data } of session.agent.remediate.watch.subscribe({ apply: id }, { signal })) {
      const told = ApplyNews.safeParse(data)
      if (!told.success) return { kind: 'lost', says: 'The agent told something of it that makes no sense.' }
      if (told.data.news === 'closed') {
        await reported(session, runOf(authority))
        return { kind: 'reported', report: told.data.report }
      }
      onProgress(told.data.phase, told.data.entry)
    }
    return { kind: 'lost', says: 'The agent stopped telling what becomes of it.' }
  } catch (error) {
    return { kind: 'lost', says: problemOf(error).detail }
  }
}

async function askApply(
  sessions: Sessions,
  { host, digest, reported }: Pick<Command, 'host' | 'digest' | 'reported'>,
  signal: AbortSignal,
): Promise<JournalAnswer> {
  const session = await sessions.reach(host, signal)
  if (!session) return away(sessions, host)
  try {
    const options = { signal, context: { limitMs: askLimitMs } }
    const report = await session.agent.remediate.report.query({ plan: digest }, options)
    if (report === null) return { kind: 'never-heard' }
    if (report.outcome !== null) await reported(session, null)
    return { kind: 'reported', report }
  } catch (error) {
    return notReached(error, problemOf(error))
  }
}

/** Null for a grant, which was signed for no run of its own. */
function runOf(authority: RemoteAuthority): RunId | null {
  return authority.kind === 'grant' ? null : authority.manifest.run
}

/** Something that the host did not expect: it may have begun all the same. */
function brokeInTheMiddle({ code }: Problem): boolean {
  return code === 'internal' || code === 'too-big' || code === 'malformed-frame' || code === 'timed-out'
}

function notReached(error: unknown, { detail }: Problem): NotReached {
  const timedOut = callFailureOf(error)?.reason === 'timed-out'
  return { kind: 'not-reached', how: timedOut ? 'timed-out' : 'unreachable', says: detail }
}

function gone(host: HostId): JournalAnswer {
  return {
    kind: 'gone',
    says: `${host} was taken out of this fleet while it was at work. What it did is in its journal:\n    fleetmend-agent history`,
  }
}

function away(sessions: Sessions, host: HostId): NotReached {
  return { kind: 'not-reached', how: 'unreachable', says: notConnected(sessions, host).detail }
}
