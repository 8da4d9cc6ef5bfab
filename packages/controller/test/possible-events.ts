/** Every event that could befall a run of the samples, fitting or not; what does not fit must be refused. */
import { manifestDigest, problem, type Digest, type PlanRecord, type Run } from '@fleetmend/shared'
import type { RunEvent } from '../src/runs/run-event.ts'
import { calledHosts } from '../src/runs/waves.ts'
import {
  approvalAsked,
  approvalBy,
  at,
  glassBrokenBy,
  grantFor,
  grantPresented,
  hostsBegun,
  planInRun,
  planOf,
  reportOf,
  sampleChanges,
} from './sample-run.ts'

export function possibleEvents(run: Run, changes: Readonly<Record<string, string>>): readonly RunEvent[] {
  const person: RunEvent[] = [
    { type: 'denied', at, by: 'ben', reason: 'no' },
    { type: 'apply-started', at, by: 'ana' },
    { type: 'paused', at, by: 'ana', reason: 'looking' },
    { type: 'resumed', at, by: 'ana' },
    { type: 'aborted', at, by: 'ana', reason: 'enough' },
    { type: 'expired', at },
    ...run.groups.map(({ key }): RunEvent => ({ type: 'promoted', at, by: 'ana', group: key })),
  ]
  const called = calledHosts(run)
  const world: RunEvent[] = [
    ...(called.length > 0 ? [hostsBegun(run)] : []),
    ...(called.length > 1 ? [{ type: 'hosts-begun' as const, at, hosts: called.slice(0, 1) }] : []),
    {
      type: 'held-back',
      at,
      because: called.length > 0 ? [{ hosts: [...called], says: 'It is night.', behind: null }] : [],
    },
    ...run.groups.flatMap(({ key, watched }) => (watched ? watchedEvents(run, key, watched.wave) : [])),
  ]
  const manifest: RunEvent[] = run.plansExpireAt ? [approvalAsked(run)] : []
  const approvals = run.manifest
    ? ['ben', 'cho'].map((name): RunEvent => ({
        type: 'approved',
        at,
        digest: manifestDigest(run.manifest!),
        approval: approvalBy(name),
      }))
    : []
  const alone = run.manifest ? [glassBrokenBy('ben')(run), grantPresented(grantFor(Object.keys(changes)))] : []
  return [
    ...person,
    ...world,
    ...manifest,
    ...approvals,
    ...alone,
    ...run.hosts.flatMap(({ id }) => hostEvents(run, id, changes[id] ?? sampleChanges[0])),
  ]
}

/** One event of each way that a run can take; the others lead along the same ways and only multiply the states. */
export function fewEvents(run: Run, changes: Readonly<Record<string, string>>): readonly RunEvent[] {
  const person: RunEvent[] = [
    { type: 'paused', at, by: 'ana', reason: 'looking' },
    { type: 'resumed', at, by: 'ana' },
    { type: 'aborted', at, by: 'ana', reason: 'enough' },
    ...run.groups.map(({ key }): RunEvent => ({ type: 'promoted', at, by: 'ana', group: key })),
  ]
  const begun = calledHosts(run).length > 0 ? [hostsBegun(run)] : []
  return [...person, ...begun, ...run.hosts.flatMap(({ id }) => fewHostEvents(id, planOf(id, changes[id])))]
}

function watchedEvents(run: Run, group: Digest, wave: number): readonly RunEvent[] {
  const unwell = run.hosts.slice(0, 1).map(({ id }) => ({ host: id, says: 'It fails again.' }))
  return [
    { type: 'wave-watched', at, group, wave, unwell: [] },
    { type: 'wave-watched', at, group, wave, unwell },
  ]
}

function fewHostEvents(host: string, plan: PlanRecord): readonly RunEvent[] {
  return [
    { type: 'host-applied', at, host, report: reportOf(plan, 'fixed') },
    { type: 'host-applied', at, host, report: reportOf(plan, 'rolled-back') },
    { type: 'host-applied', at, host, report: reportOf(plan, 'inconclusive', { probesPass: false }) },
    { type: 'host-refused-to-apply', at, host, problem: problem('plan-is-stale', 'Edited.') },
    { type: 'host-lost', at, host, says: 'Gone.' },
    { type: 'host-answered', at, host, report: null },
  ]
}

function hostEvents(run: Run, host: string, change: string): readonly RunEvent[] {
  const planning: RunEvent[] = [
    { type: 'host-planned', at, host, record: planOf(host, change) },
    { type: 'host-has-nothing-to-do', at, host, because: 'Healthy.' },
    { type: 'host-refused-to-plan', at, host, because: 'No memory.', toDo: 'Add some.' },
    { type: 'host-not-reached', at, host, how: 'unreachable', says: 'Not connected.' },
    { type: 'host-not-reached', at, host, how: 'timed-out', says: 'No answer.' },
    { type: 'host-not-believed', at, host, problem: problem('answer-not-believed', 'Of another host.') },
  ]
  if (!run.hosts.some(({ id, plan }) => id === host && plan)) return planning
  const plan = planInRun(run, host)
  const reports = [
    reportOf(plan, 'fixed'),
    reportOf(plan, 'cleared-still-failing'),
    reportOf(plan, 'inconclusive'),
    reportOf(plan, 'inconclusive', { probesPass: false }),
    reportOf(plan, 'rolled-back'),
    reportOf(plan, 'not-fixed'),
    reportOf(plan, 'refused', { code: 'check-failed' }),
    reportOf(plan, 'refused', { code: 'plan-is-stale' }),
    reportOf(plan, 'stuck'),
    reportOf(plan, null),
  ]
  return [
    ...planning,
    ...reports.map((report): RunEvent => ({ type: 'host-applied', at, host, report })),
    ...reports.map((report): RunEvent => ({ type: 'host-answered', at, host, report })),
    { type: 'host-answered', at, host, report: null },
    { type: 'host-refused-to-apply', at, host, problem: problem('not-approved', 'No.') },
    { type: 'host-refused-to-apply', at, host, problem: problem('plan-is-stale', 'Edited.') },
    { type: 'host-refused-to-apply', at, host, problem: problem('plan-used', 'Used.') },
    { type: 'host-refused-to-apply', at, host, problem: problem('apply-in-progress', 'Busy.') },
    { type: 'host-lost', at, host, says: 'Gone.' },
    { type: 'host-silent', at, host, says: 'Silent.' },
    { type: 'host-back', at, host },
    { type: 'host-silent', at, host, says: 'At work.', code: 'apply-overdue' },
  ]
}
