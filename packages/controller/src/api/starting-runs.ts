/** What a person asked for, as the beginning of a run: labels become hosts, and how long becomes until when. Pure. */
import {
  hasEnded,
  isToRetry,
  problem,
  undoRemediation,
  type HostRecord,
  type Run,
  type RunHost,
  type RunHostState,
  type SuggestedRemediation,
} from '@fleetmend/shared'
import { readSelector, selects } from '../fleet/selector.ts'
import type { StartRequest } from '../runs/driver.ts'
import type { Answer, RollbackRequest, RunRequest, Target } from './controller-service.ts'
import { hostsMeant } from './targets.ts'

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

/** A new run, for nobody has signed what its hosts would do now; how it goes on is what was asked for the first time. */
export function retryOf(
  run: Run,
  members: readonly HostRecord[],
  { by, nowMs }: { readonly by: string; readonly nowMs: number },
): Answer<StartRequest> {
  const { id, reason, asked, waves, limits, terms } = run
  if (!hasEnded(run.state)) return notReady('retry', id, notEnded(run))
  const left = new Set(run.hosts.flatMap((host) => (isToRetry(host) ? host.id : [])))
  const hosts = members.filter((host) => left.has(host.id))
  if (hosts.length === 0)
    return notReady(
      'retry',
      id,
      left.size === 0 ? 'every host in it is done.' : 'its hosts are no longer in this fleet.',
    )
  const { windows } = terms
  const again = startOf({ by, reason, asked, waves, limits, ...(windows ? { terms: { windows } } : {}) }, hosts, nowMs)
  return again.ok ? { ok: true, value: { ...again.value, follows: { run: id, as: 'retry' } } } : again
}

/** What it changed, or may have changed: the plan of each host says what of it is left. */
const toRollBack: ReadonlySet<RunHostState> = new Set([
  ...(['fixed', 'cleared-still-failing', 'inconclusive'] as const),
  ...(['stuck', 'unknown'] as const),
])

/** A new run as well: that it is undone is planned, signed and watched like everything that is done. */
export function rollbackOf(
  run: Run,
  members: readonly HostRecord[],
  request: RollbackRequest & { readonly nowMs: number },
): Answer<StartRequest> {
  const { id, terms, asked } = run
  if (!hasEnded(run.state)) return notReady('roll back', id, notEnded(run))
  const changed = run.hosts.filter((host) => toRollBack.has(host.state))
  const hosts = amongChanged(run, members, new Set(changed.map((host) => host.id)), request.target)
  if (!hosts.ok) return hosts
  const undo = undoOf(run, changed, hosts.value)
  if (!undo.ok) return undo
  const { windows } = terms
  const { ramp, ...pace } = run.waves
  const keepsRamp = ramp !== undefined && request.waves?.batchHosts === undefined
  const watchMs = request.watchMs ?? asked.watchMs
  const start = startOf(
    {
      by: request.by,
      reason: request.reason ?? `to roll back ${id}`,
      asked: { want: [undo.value], ...(watchMs === undefined ? {} : { watchMs }) },
      waves: { ...pace, ...(keepsRamp ? { ramp } : {}), ...request.waves },
      limits: { ...run.limits, ...request.limits },
      terms: { ...(windows ? { windows } : {}), ...request.terms },
    },
    hosts.value,
    request.nowMs,
  )
  return start.ok ? { ok: true, value: { ...start.value, follows: { run: id, as: 'rollback' } } } : start
}

/** Whoever names a host that was not changed means something else than what would come of it. */
function amongChanged(
  { id }: Run,
  members: readonly HostRecord[],
  changed: ReadonlySet<string>,
  target: Target,
): Answer<readonly HostRecord[]> {
  if (changed.size === 0) return notReady('roll back', id, 'it changed no host.')
  const meant = hostsMeant(members, target)
  if (!meant.ok) return meant
  const hosts = meant.value.filter((host) => changed.has(host.id))
  const others = target.hosts ? meant.value.filter((host) => !changed.has(host.id)) : []
  if (others.length > 0)
    return notReady(
      'roll back',
      id,
      `it changed nothing on ${others.map((host) => host.id).join(', ')}. To see what it did:\n    fleetmend runs show ${id}`,
    )
  if (hosts.length > 0) return { ok: true, value: hosts }
  const isAll = target.selector === undefined
  return notReady(
    'roll back',
    id,
    isAll ? 'its hosts are no longer in this fleet.' : 'it changed no host with these labels.',
  )
}

/** Hosts know their applies by the run that was signed. Of one by a grant, which names none, only the apply has a name. */
function undoOf(
  { id, grant }: Run,
  changed: readonly RunHost[],
  hosts: readonly HostRecord[],
): Answer<SuggestedRemediation> {
  const undo = (input: SuggestedRemediation['input']): Answer<SuggestedRemediation> => ({
    ok: true,
    value: { id: undoRemediation, input },
  })
  if (grant === null) return undo({ run: id })
  const applies = changed.flatMap(({ id: host, apply }) =>
    apply && hosts.some((each) => each.id === host) ? [{ host, apply }] : [],
  )
  const [first, ...others] = applies
  if (first && others.length === 0) return undo({ apply: first.apply })
  const each = applies.map(
    ({ host, apply }) => `    fleetmend plan ${host} --do ${undoRemediation} --input apply=${apply}`,
  )
  return notReady(
    'roll back',
    id,
    `it was begun by a grant, so that each host is undone by itself:\n${each.join('\n')}`,
  )
}

function canariesAmong(hosts: readonly HostRecord[], labels: string | undefined): Answer<readonly string[]> {
  if (labels === undefined) return { ok: true, value: [] }
  const read = readSelector(labels)
  if (!read.ok) return read
  return { ok: true, value: hosts.filter((host) => selects(read.value, host.labels)).map(({ id }) => id) }
}

function notEnded({ id, state }: Run): string {
  return `it is ${state}. To end it:\n    fleetmend runs abort ${id} --reason WHY`
}

function notReady(what: 'retry' | 'roll back', id: string, why: string): Answer<never> {
  return { ok: false, problem: problem('run-not-ready', `Cannot ${what} ${id}: ${why}`) }
}
