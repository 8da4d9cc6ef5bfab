/**
 * Carries out plans on hosts that were reached over SSH, as root there: of each change the first hosts alone, then a few at
 * once, and no further host begins once enough have failed. What has begun goes on without us.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ApplyId,
  ApplyNews,
  backOffMs,
  exitCodes,
  outcomeExits,
  problem,
  sessionRoot,
  type ApplyReport,
  type Digest,
  type PlanRecord,
  type Problem,
  shareOf,
  type Share,
} from '@fleetmend/shared'
import { notBelieved } from './ask-hosts.ts'
import { atOnce } from './at-once.ts'
import type { HostSession } from './open-session.ts'

/** A host with the plan that a person has seen. */
export interface HostToApply {
  readonly name: string
  readonly session: HostSession
  readonly record: PlanRecord
}

export type AppliedHost = { readonly name: string } & (
  | { readonly is: 'applied'; readonly report: ApplyReport }
  | { readonly is: 'refused'; readonly problem: Problem }
  | { readonly is: 'not-begun' }
)

export interface Pace {
  readonly canary: Share
  /** Growing sizes are for runs of a controller: here the last one counts. */
  readonly batch: readonly Share[]
  readonly maxFailed: number
}

/** A line of the journal of a host at work. */
export type Tell = (name: string, at: string, says: string) => void

const askLimitMs = 60_000

export async function applyHosts(
  changes: readonly (readonly HostToApply[])[],
  { canary, batch, maxFailed }: Pace,
  tell: Tell,
  signal: AbortSignal,
): Promise<readonly AppliedHost[]> {
  let failures = 0
  const applied: AppliedHost[] = []
  const work = async (host: HostToApply): Promise<AppliedHost> => {
    if (failures >= maxFailed) return { name: host.name, is: 'not-begun' }
    const ended = await applyOn(host, tell, signal)
    if (hasFailed(ended)) failures++
    return ended
  }
  for (const hosts of changes) {
    const canaries = shareOf(canary, hosts.length)
    const most = Math.max(1, shareOf(batch.at(-1) ?? 1, hosts.length))
    for (const wave of [hosts.slice(0, canaries), hosts.slice(canaries)])
      applied.push(...(await atOnce(wave, most, work)))
  }
  return applied
}

function hasFailed(host: AppliedHost): boolean {
  if (host.is !== 'applied') return true
  return host.report.outcome === null || outcomeExits[host.report.outcome] !== exitCodes.done
}

async function applyOn({ name, session, record }: HostToApply, tell: Tell, signal: AbortSignal): Promise<AppliedHost> {
  const { digest: plan } = record
  const seen: Seen = { apply: null, last: null }
  for (;;) {
    try {
      seen.apply ??= await begun(session, plan)
      if (seen.apply === null) return refused(name, notBelieved(name, 'what it began has no name'))
      const report = await followed(session, seen, plan, (at, says) => tell(name, at, says))
      if (report !== null) return { name, is: 'applied', report }
      return refused(name, notBelieved(name, `it did not say how ${seen.apply} ended`))
    } catch (error) {
      const why = session.failure(error)
      if (why.code !== 'ssh-broken') return refused(name, why)
      tell(name, new Date().toISOString(), 'The connection broke. What has begun there goes on; connecting again.')
      if (!(await reconnected(session, signal))) return refused(name, why)
      seen.apply ??= await begunBefore(session, plan)
    }
  }
}

/** How far an apply was followed. */
interface Seen {
  apply: ApplyId | null
  /** The number of the last news. */
  last: string | null
}

/** Null: it is called by no name that there is. */
async function begun({ agent }: HostSession, plan: Digest): Promise<ApplyId | null> {
  const asked = { plan, authority: sessionRoot }
  const { apply } = await agent.remediate.begin.mutate(asked, { context: { limitMs: askLimitMs } })
  return ApplyId.safeParse(apply).data ?? null
}

/** Whether the host heard of it before the connection broke; nothing is begun twice. */
async function begunBefore({ agent }: HostSession, plan: Digest): Promise<ApplyId | null> {
  try {
    const report = await agent.remediate.report.query({ plan }, { context: { limitMs: askLimitMs } })
    return report === null ? null : (ApplyId.safeParse(report.apply).data ?? null)
  } catch {
    // What it broke with is met again by whoever goes on.
    return null
  }
}

/** Until it answers again, or nobody waits any more. */
async function reconnected(session: HostSession, signal: AbortSignal): Promise<boolean> {
  const endMs = Date.now() + patienceMs
  for (let attempt = 0; Date.now() < endMs && !signal.aborted; attempt++) {
    await sleep(backOffMs(backOff, attempt, Math.random()), undefined, { signal }).catch(() => undefined)
    const why = await session.reconnect().catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    if (why === null) return true
  }
  return false
}

/** As long as a host takes to boot again, and longer than a line that is switched over is away. */
const patienceMs = 3 * 60_000
const backOff = { firstMs: 250, longestMs: 10_000 }

/** Its report; null: what it told is none of this plan. */
async function followed(
  { agent }: HostSession,
  seen: Seen,
  plan: Digest,
  tell: (at: string, says: string) => void,
): Promise<ApplyReport | null> {
  let report: ApplyReport | null = null
  const from = seen.last === null ? {} : { lastEventId: seen.last }
  for await (const { id, data } of agent.remediate.watch.subscribe({ apply: seen.apply ?? '', ...from })) {
    seen.last = id
    const { data: news } = ApplyNews.safeParse(data)
    if (news?.news === 'entry') tell(news.entry.at, news.entry.says)
    if (news?.news === 'closed' && news.report.plan === plan) report = news.report
  }
  return report
}

function refused(name: string, why: Problem): AppliedHost {
  if (why.code !== 'ssh-broken') return { name, is: 'refused', problem: why }
  // Whoever lost the line knows nothing of how it went on; the host does.
  const toDo = 'What had begun there goes on without us. To see how the host is:\n    fleetmend diagnose --ssh'
  return { name, is: 'refused', problem: problem(why.code, `${why.detail}\n\n${toDo} ${name}`) }
}
