/**
 * Looks again with the same eyes (DESIGN D8): the diagnosis that the plan clears is clear, nothing that answered before
 * fails now, and for a while visitors get no more errors than they did.
 */
import type { Plan, SiteProbe, Verdict } from '@fleetmend/shared'
import { isEnoughTraffic, isWorse, shareOf } from '../judgement/worse.ts'
import type { Baseline } from '../state/journal-entry.ts'
import type { Executor } from './executor.ts'
import { accessLogsOf, logEnds, trafficSince, type Traffic } from './traffic.ts'

export interface Verified {
  readonly outcome: 'fixed' | 'cleared-still-failing' | 'inconclusive' | 'worse' | 'not-cleared'
  readonly verdict: Verdict
}

/** A queue that built up while a pool was too small needs a moment to drain after it is not. */
const settleMs = 20_000
const betweenLooksMs = 1000
const betweenProbesMs = 3000

export async function verify(executor: Executor, plan: Plan, baseline: Baseline): Promise<Verified> {
  const { host } = executor
  const logs = accessLogsOf(await executor.look(), servicesOf(plan))
  const settled = await settle(executor, plan, baseline)
  if (settled.outcome !== 'good') return { outcome: settled.outcome, verdict: settled.verdict }

  const ends = await logEnds(host, logs)
  let latest = settled.verdict
  let during: Traffic = { requests: 0, serverErrors: 0 }
  for (const endMs = host.nowMs() + plan.watchMs; host.nowMs() < endMs; ) {
    await host.sleep(Math.min(betweenProbesMs, Math.max(1, endMs - host.nowMs())))
    during = await trafficSince(host, ends)
    const now = await lookAgain(executor, plan, baseline)
    latest = now.verdict
    if (isWorse(baseline.traffic, during)) return { outcome: 'worse', verdict: watched(latest, baseline, during, 'Visitors get more errors than before.') }
    if (now.regressed.length > 0) return { outcome: 'worse', verdict: watched(latest, baseline, during, latest.says) }
  }
  return judge(plan, latest, baseline, during)
}

function judge(plan: Plan, latest: Verdict, baseline: Baseline, during: Traffic): Verified {
  const stillFailing = latest.probesAfter.filter((probe) => !probe.passed)
  const seconds = plan.watchMs / 1000
  const traffic = `${during.requests} requests in ${seconds} s, ${during.serverErrors} answered with 5xx`
  const verdict = watched(latest, baseline, during, latest.says, traffic)
  if (!latest.cleared) return { outcome: 'not-cleared', verdict }
  if (stillFailing.length > 0) return { outcome: 'cleared-still-failing', verdict }
  const proved = latest.probesAfter.length > 0 || isEnoughTraffic(during)
  return { outcome: proved ? 'fixed' : 'inconclusive', verdict }
}

interface Look {
  readonly verdict: Verdict
  readonly regressed: readonly SiteProbe[]
}

async function settle(executor: Executor, plan: Plan, baseline: Baseline): Promise<{ readonly outcome: 'good' | 'worse' | 'not-cleared'; readonly verdict: Verdict }> {
  const endMs = executor.host.nowMs() + settleMs
  for (;;) {
    const { verdict, regressed } = await lookAgain(executor, plan, baseline)
    if (verdict.cleared && regressed.length === 0) return { outcome: 'good', verdict }
    if (executor.host.nowMs() >= endMs) return { outcome: verdict.cleared ? 'worse' : 'not-cleared', verdict }
    await executor.host.sleep(betweenLooksMs)
  }
}

async function lookAgain(executor: Executor, plan: Plan, baseline: Baseline): Promise<Look> {
  const diagnosis = executor.diagnose(await executor.look())
  const remaining = plan.clears.flatMap(({ diagnosis: id, subject }) =>
    diagnosis.findings.filter((finding) => finding.diagnosis === id && finding.subject.name === subject.name),
  )
  const passedBefore = new Set(baseline.probes.filter((probe) => probe.passed).map(probeKey))
  const regressed = diagnosis.probes.filter((probe) => !probe.passed && passedBefore.has(probeKey(probe)))
  const causes = diagnosis.findings.filter((finding) => finding.role === 'cause')
  const says =
    remaining.length > 0
      ? `Not cleared: ${remaining.map((finding) => finding.says).join(' ')}`
      : regressed.length > 0
        ? `Answered before and fails now: ${regressed.map((probe) => `${probe.site}: ${probe.says}`).join('; ')}`
        : plan.clears.length > 0
          ? `Cleared: ${plan.clears.map(({ diagnosis: id, subject }) => `${id} on ${subject.name}`).join(', ')}.`
          : 'Nothing that answered before fails now.'
  const verdict: Verdict = {
    cleared: remaining.length === 0,
    says,
    probesBefore: baseline.probes,
    probesAfter: diagnosis.probes,
    remaining: [...remaining, ...causes.filter((cause) => !remaining.includes(cause))],
    couldNotTell: diagnosis.couldNotTell,
    watch: null,
  }
  return { verdict, regressed }
}

function watched(verdict: Verdict, baseline: Baseline, during: Traffic, says: string, traffic = ''): Verdict {
  const before = baseline.traffic.requests === 0 ? null : shareOf(baseline.traffic)
  return { ...verdict, says, watch: { ...during, serverErrorShareBefore: before, says: traffic === '' ? says : traffic } }
}

function probeKey(probe: SiteProbe): string {
  return `${probe.site} ${probe.over} ${probe.upstream ?? ''}`
}

export function servicesOf(plan: Plan): readonly string[] {
  const named = [...plan.acts, ...plan.checks].flatMap((each) => ('service' in each ? [each.service] : []))
  return [...new Set(named)]
}
