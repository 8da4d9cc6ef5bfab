/** What a person asked for, as the beginning of a run: labels become hosts, and how long becomes until when. Pure. */
import { hasEnded, problem, type HostRecord, type Run, type RunHostState } from '@fleetmend/shared'
import { readSelector, selects } from '../fleet/selector.ts'
import type { StartRequest } from '../runs/driver.ts'
import type { Answer, RunRequest } from './controller-service.ts'

export function startOf(
  { terms: asked = {}, ...request }: RunRequest,
  hosts: readonly HostRecord[],
  nowMs: number,
): Answer<StartRequest> {
  const canaries = canariesAmong(hosts, request.waves.canaryLabels)
  if (!canaries.ok) return canaries
  const { windows, deadlineMs, awaitHostsMs } = asked
  const inMs = (ms: number): string => new Date(nowMs + ms).toISOString()
  const terms = {
    ...(windows === undefined ? {} : { windows }),
    ...(deadlineMs === undefined ? {} : { deadline: inMs(deadlineMs) }),
    ...(awaitHostsMs === undefined ? {} : { awaitHostsUntil: inMs(awaitHostsMs) }),
  }
  return { ok: true, value: { ...request, hosts: hosts.map(({ id }) => id), terms, canaries: [...canaries.value] } }
}

/** What was not done, and was not refused by a person: it may be another time. */
const toRetry: ReadonlySet<RunHostState> = new Set([
  ...(['plan-refused', 'unreachable', 'timed-out', 'stale', 'skipped'] as const),
  ...(['rolled-back', 'not-fixed', 'refused', 'stuck', 'unknown'] as const),
])

/** A new run, for nobody has signed what its hosts would do now; how it goes on is what was asked for the first time. */
export function retryOf(
  run: Run,
  members: readonly HostRecord[],
  { by, nowMs }: { readonly by: string; readonly nowMs: number },
): Answer<StartRequest> {
  const { id, reason, asked, waves, limits, terms } = run
  if (!hasEnded(run.state))
    return notReady(id, `it is ${run.state}. To end it:\n    fleetmend runs abort ${id} --reason WHY`)
  const left = new Set(run.hosts.flatMap((host) => (toRetry.has(host.state) ? host.id : [])))
  const hosts = members.filter((host) => left.has(host.id))
  if (hosts.length === 0)
    return notReady(id, left.size === 0 ? 'every host in it is done.' : 'its hosts are no longer in this fleet.')
  const { windows } = terms
  const again = startOf({ by, reason, asked, waves, limits, ...(windows ? { terms: { windows } } : {}) }, hosts, nowMs)
  return again.ok ? { ok: true, value: { ...again.value, follows: { run: id, as: 'retry' } } } : again
}

function canariesAmong(hosts: readonly HostRecord[], labels: string | undefined): Answer<readonly string[]> {
  if (labels === undefined) return { ok: true, value: [] }
  const read = readSelector(labels)
  if (!read.ok) return read
  return { ok: true, value: hosts.filter((host) => selects(read.value, host.labels)).map(({ id }) => id) }
}

function notReady(id: string, why: string): Answer<never> {
  return { ok: false, problem: problem('run-not-ready', `Cannot retry ${id}: ${why}`) }
}
