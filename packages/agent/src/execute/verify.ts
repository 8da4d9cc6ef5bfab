/**
 * Looks again with the same eyes (DESIGN D8): the diagnosis that the plan clears is clear, nothing that answered before
 * fails now, and for a while visitors get no more errors than they did.
 */
import type { HostDiagnosis, MayReturn, Plan, Verdict } from '@fleetmend/shared'
import { judgeAfter, type After } from '../judgement/judge-after.ts'
import { isEnoughTraffic, isWorse, shareOf } from '../judgement/worse.ts'
import type { Baseline } from '../state/journal-entry.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import type { Executor } from './executor.ts'
import {
  accessLogsOf,
  addTraffic,
  droppedVisitors,
  leastPatienceMs,
  logEnds,
  newTraffic,
  type LogEnds,
  type Traffic,
} from './traffic.ts'

export interface Verified {
  readonly outcome: 'fixed' | 'cleared-still-failing' | 'inconclusive' | 'worse' | 'not-cleared'
  readonly verdict: Verdict
}

/** Told what is seen while it lasts, for the timeline. */
export type Tell = (says: string) => Promise<void>

/** A queue that built up while a pool was too small needs a moment to drain after it is not. */
export const settleMs = 30_000
const betweenLooksMs = 1000
/** A whole look asks every site and tests the configuration: often enough to notice, seldom enough to be light. */
const betweenWatchLooksMs = 10_000

/** What was done, and how the host was just before. */
export interface Acted {
  readonly plan: Plan
  readonly baseline: Baseline
  /** When the last act ended. */
  readonly atMs: number
}

export async function verify(
  executor: Executor,
  { plan, baseline: before, atMs }: Acted,
  tell: Tell,
  patienceMs = settleMs,
): Promise<Verified> {
  const baseline: Compared = { ...before, mayReturn: plan.mayReturn }
  const settledAtMs = executor.host.nowMs() + patienceMs
  const first = await lookUntilGood(executor, baseline, settledAtMs)
  await tell(first.after.says)
  if (!isGood(first.after) || plan.watchMs === 0) return verified(baseline, first, null)
  const services = servicesOf(plan)
  const traffic: Watched = {
    during: { requests: 0, serverErrors: 0 },
    seconds: plan.watchMs / 1000,
    settledAtMs,
    logs: accessLogsOf(first.facts, services),
    patientUntilMs: atMs + leastPatienceMs(first.facts, services),
    dropped: await droppedVisitors(executor.host, first.facts, services),
  }
  return watch(executor, plan, baseline, traffic, tell)
}

export function servicesOf(plan: Plan): readonly string[] {
  const named = [...plan.acts, ...plan.checks].flatMap((each) => ('service' in each ? [each.service] : []))
  return [...new Set(named)]
}

/** The host before, with what may fail all the same. */
interface Compared extends Baseline {
  readonly mayReturn: MayReturn | undefined
}

interface Look {
  readonly diagnosis: HostDiagnosis
  readonly after: After
  readonly facts: HostFacts
}

interface Watched {
  readonly during: Traffic
  readonly seconds: number
  readonly settledAtMs: number
  readonly logs: readonly string[]
  /** Until then a 504 tells of the time before the last act. */
  readonly patientUntilMs: number
  /** So many are still to be told what went wrong before it. */
  readonly dropped: number
}

async function watch(
  executor: Executor,
  plan: Plan,
  baseline: Compared,
  watched: Watched,
  tell: Tell,
): Promise<Verified> {
  const { host } = executor
  const endsAtMs = host.nowMs() + plan.watchMs
  let ends: LogEnds = await logEnds(host, watched.logs)
  let { during } = watched
  // Requests that queued up are served in surges: one good look does not mean that the last of them is through.
  const patience = () => Math.max(watched.settledAtMs, host.nowMs() + 2 * betweenLooksMs)
  let lookAtMs = host.nowMs() + betweenWatchLooksMs
  while (host.nowMs() < endsAtMs) {
    await host.sleep(Math.max(1, Math.min(betweenLooksMs, endsAtMs - host.nowMs())))
    const added = await newTraffic(host, ends, watched.patientUntilMs)
    ends = added.ends
    during = addTraffic(during, added.traffic)
    if (gotWorse(baseline, { ...watched, during })) break
    if (host.nowMs() < lookAtMs || host.nowMs() >= endsAtMs) continue
    const look = await lookUntilGood(executor, baseline, patience())
    if (!isGood(look.after)) return verified(baseline, look, { ...watched, during })
    await tell(`${look.after.says} ${trafficSays(baseline, during)}`)
    lookAtMs = host.nowMs() + betweenWatchLooksMs
  }
  const seen = { ...watched, during }
  const last = await lookUntilGood(executor, baseline, gotWorse(baseline, seen) ? host.nowMs() : patience())
  return verified(baseline, last, seen)
}

/**
 * By what is not told late of the time before. Where visitors failed before what is undone, how many of them fail again is no
 * measure: it depends on who comes by.
 */
function gotWorse({ traffic, mayReturn }: Compared, { during, dropped }: Watched): boolean {
  if (mayReturn?.visitorsFailed) return false
  return isWorse(traffic, { ...during, serverErrors: Math.max(0, during.serverErrors - dropped) })
}

/** One bad look may be chance, or the moment in which a queue drains; a bad state stays bad. */
async function lookUntilGood(executor: Executor, baseline: Compared, endsAtMs: number): Promise<Look> {
  const { host } = executor
  for (;;) {
    const facts = await executor.look()
    const diagnosis = executor.diagnose(facts)
    const after = judgeAfter(baseline, diagnosis)
    if (isGood(after) || host.nowMs() >= endsAtMs) return { diagnosis, after, facts }
    await host.sleep(betweenLooksMs)
  }
}

/** `unknown` is not bad: it never leads to a rollback, and never to a clean bill. */
function isGood({ is }: After): boolean {
  return is === 'better' || is === 'still-failing' || is === 'unknown'
}

function verified(baseline: Compared, { diagnosis, after }: Look, watched: Watched | null): Verified {
  const before = baseline.traffic.requests === 0 ? null : shareOf(baseline.traffic)
  const isBad = watched !== null && gotWorse(baseline, watched)
  const clears = baseline.clears.map((clear) => clear.diagnosis)
  const verdict: Verdict = {
    cleared: after.is !== 'not-cleared',
    says: isBad ? `Visitors get more errors than before: ${trafficSays(baseline, watched.during)}` : after.says,
    probesBefore: baseline.probes,
    probesAfter: diagnosis.probes,
    remaining: diagnosis.findings.filter((finding) => finding.role === 'cause' || clears.includes(finding.diagnosis)),
    couldNotTell: diagnosis.couldNotTell,
    watch: watched && {
      ...watched.during,
      serverErrorShareBefore: before,
      says: `Watched for ${watched.seconds} s. ${trafficSays(baseline, watched.during)}`,
    },
  }
  return { outcome: isBad ? 'worse' : outcomeOf(after, diagnosis, watched), verdict }
}

/** Without traffic enough to judge, and without a site that could be asked, nothing was proved. */
function outcomeOf(after: After, diagnosis: HostDiagnosis, watched: Watched | null): Verified['outcome'] {
  switch (after.is) {
    case 'better':
      return diagnosis.probes.length > 0 || (watched !== null && isEnoughTraffic(watched.during))
        ? 'fixed'
        : 'inconclusive'
    case 'still-failing':
      return 'cleared-still-failing'
    case 'unknown':
      return 'inconclusive'
    case 'not-cleared':
    case 'worse':
      return after.is
  }
}

function trafficSays({ traffic }: Baseline, during: Traffic): string {
  if (during.requests === 0) return 'No request was logged meanwhile.'
  const before = traffic.requests === 0 ? 'none was logged before' : `${percent(shareOf(traffic))} before`
  return `${during.serverErrors} of ${during.requests} logged requests were answered with 5xx (${percent(shareOf(during))}; ${before}).`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
