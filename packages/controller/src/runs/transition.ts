/**
 * The run engine: a run and an event give the next run and what is to be done about it. Pure, so that every state can be
 * walked in a test and a run can be rebuilt from its events; no clock, no ids, no world.
 */
import { hasEnded, type ApplyReport, type HostId, type Instant, type Run, type RunHost } from '@fleetmend/shared'
import { approved, denied, glassBroken, grantPresented, requestSigned, whatIsMissing } from './allow.ts'
import { changeGroupKey } from './change-groups.ts'
import { gateOf, nextWaveOf, takesBack } from './gates.ts'
import { groupOf, withGroup, withPlan } from './group-list.ts'
import { endFromProblem, endFromReport, mayBeOurs, type HostEnd } from './host-end.ts'
import { standingOf } from './host-states.ts'
import { hostOf as anyHostOf, tallyOf, withHosts } from './host-tally.ts'
import type { PersonEvent, RunEvent, Started, WorldEvent } from './run-event.ts'
import { beginHosts, end, moved, note, patchHost, settle, stop, tooOld, type Moved } from './settle.ts'
import { isIn, notReady, type Step } from './step.ts'
import { isCalledIn } from './waves.ts'

/** The run that an event begins. */
export function begin({ run: id, at, by, reason, asked, waves, limits, ...started }: Started): Moved {
  const { terms = {}, follows = null, canaries = [] } = started
  const ids = [...new Set(started.hosts)].toSorted()
  const hosts = ids.map((id): RunHost => ({
    id,
    state: 'planning',
    says: null,
    code: null,
    plan: null,
    group: null,
    apply: null,
    probesPass: false,
    attempts: 0,
  }))
  return moved(
    {
      id,
      requester: by,
      reason,
      asked,
      waves,
      limits,
      terms,
      follows,
      canaries,
      heldBack: [],
      state: 'planning',
      startedAt: at,
      endedAt: null,
      hosts,
      groups: [],
      plansExpireAt: null,
      manifest: null,
      request: null,
      approvals: [],
      breakGlass: null,
      grant: null,
      stopping: null,
      notes: [],
    },
    ids.map((host) => ({ do: 'plan-host', host })),
  )
}

export function transition(run: Run, event: RunEvent): Step {
  switch (event.type) {
    case 'started':
      return notReady(run, 'it began already')
    case 'host-planned':
      return hostPlanned(run, event)
    case 'host-has-nothing-to-do':
      return hostWithoutPlan(run, event, { state: 'nothing-to-do', says: event.because })
    case 'host-refused-to-plan':
      return hostWithoutPlan(run, event, { state: 'plan-refused', says: `${event.because} ${event.toDo}` })
    case 'host-not-reached':
      return hostNotReached(run, event)
    case 'approval-asked':
      if (run.manifest || !allAnswered(run)) return notReady(run, 'it is not waiting for a manifest')
      return moved({ ...run, state: 'awaiting-approval', manifest: event.manifest })
    case 'approved':
      return approved(run, event)
    case 'request-signed':
      return requestSigned(run, event)
    case 'glass-broken':
      return glassBroken(run, event)
    case 'grant-presented':
      return grantPresented(run, event)
    case 'denied':
      return denied(run, event)
    case 'apply-started':
      if (!isIn(run, 'approved'))
        return notReady(run, isIn(run, 'awaiting-approval') ? whatIsMissing(run) : 'it cannot be begun')
      return settle(
        withHosts(
          run,
          run.hosts.flatMap((host) => (host.state === 'planned' ? [{ ...host, state: 'waiting' as const }] : [])),
        ),
        event.at,
      )
    case 'host-applied':
      return hostReported(run, event.host, event.report, event.at)
    case 'host-refused-to-apply':
      return hostRefused(run, event)
    case 'host-lost':
      if (!isHostIn(run, event.host, 'applying')) return notReady(run, 'that host is not applying')
      return askHost(run, event.host, event.says)
    case 'host-answered':
      return event.report
        ? hostReported(run, event.host, event.report, event.at)
        : hostNeverHeard(run, event.host, event.at)
    case 'host-silent':
      if (!isHostIn(run, event.host, 'applying', 'lost')) return notReady(run, 'that host is not at work')
      return settle(
        patchHost(run, event.host, { state: 'unknown', says: event.says, code: event.code ?? null }),
        event.at,
      )
    case 'host-not-believed':
      return hostNotBelieved(run, event)
    case 'paused':
      if (!isIn(run, 'applying', 'waiting', 'holding')) return notReady(run, 'there is nothing to pause')
      return moved(note({ ...run, state: 'paused' }, event.at, `Paused by ${event.by}: ${event.reason}`))
    case 'resumed':
      if (!isIn(run, 'paused')) return notReady(run, 'it is not paused')
      return settle({ ...run, state: 'applying' }, event.at)
    case 'promoted':
      return promoted(run, event)
    case 'aborted':
      return aborted(run, event)
    case 'hosts-begun':
      return hostsBegun(run, event)
    case 'held-back':
      if (!isIn(run, 'applying', 'waiting')) return notReady(run, 'no host of it waits for room')
      return settle({ ...run, heldBack: event.because }, event.at)
    case 'host-back':
      if (!isHostIn(run, event.host, 'away')) return notReady(run, 'that host is not waited for')
      return settle(patchHost(run, event.host, { state: 'waiting', says: null }), event.at)
    case 'wave-watched':
      return waveWatched(run, event)
    case 'expired':
      return expired(run, event.at)
  }
}

type Of<Type extends RunEvent['type']> = Extract<PersonEvent | WorldEvent, { type: Type }>

function hostPlanned(run: Run, { at, host, record }: Of<'host-planned'>): Step {
  if (!isHostIn(run, host, 'planning')) return notReady(run, 'that host was not asked for a plan')
  const { plan, digest, approvalsNeeded = 1, requesterMayApprove = true } = record
  const expiries = run.plansExpireAt === null ? [plan.expiresAt] : [run.plansExpireAt, plan.expiresAt]
  const group = changeGroupKey(plan)
  const planned = patchHost(run, host, { state: 'planned', plan: digest, group })
  // One manifest is signed for all hosts, so that all are asked for what the strictest of them asks for.
  const limits = {
    ...run.limits,
    approvalsNeeded: Math.max(run.limits.approvalsNeeded, approvalsNeeded),
    ...(requesterMayApprove ? {} : { requesterMayApprove }),
  }
  return planningMoved(
    { ...planned, groups: withPlan(run.groups, group, plan), plansExpireAt: expiries.toSorted()[0] ?? null, limits },
    at,
  )
}

function hostWithoutPlan(
  run: Run,
  { at, host }: { readonly at: Instant; readonly host: HostId },
  without: HostEnd,
): Step {
  if (!isHostIn(run, host, 'planning')) return notReady(run, 'that host was not asked for a plan')
  return planningMoved(patchHost(run, host, without), at)
}

/** Nothing was begun on it. */
function hostNotReached(run: Run, event: Of<'host-not-reached'>): Step {
  const without = { state: event.how, says: event.says, code: event.how }
  if (isHostIn(run, event.host, 'planning')) return hostWithoutPlan(run, event, without)
  if (!isHostIn(run, event.host, 'applying', 'away')) return notReady(run, 'that host was not asked for anything')
  const begun = hostOf(run, event.host, 'applying')
  if (begun && isWaitedFor(run, event.at)) return hostAway(run, begun, event)
  return settle(patchHost(run, event.host, without), event.at)
}

/**
 * Nothing that it says of a plan is taken. While it applies, its journal is asked, once: whoever does not tell the truth there
 * is not asked again.
 */
function hostNotBelieved(run: Run, { at, host, problem: { code, detail } }: Of<'host-not-believed'>): Step {
  if (isHostIn(run, host, 'planning'))
    return planningMoved(patchHost(run, host, { state: 'plan-refused', says: detail, code }), at)
  if (isHostIn(run, host, 'applying')) return askHost(run, host, detail, code)
  if (!isHostIn(run, host, 'lost')) return notReady(run, 'that host was not asked for anything')
  return settle(patchHost(run, host, { state: 'unknown', says: detail, code }), at)
}

/** It leaves its wave, which goes on without it, and is called again when it is back. */
function hostAway(run: Run, begun: RunHost, { at, host, says, how }: Of<'host-not-reached'>): Step {
  const { wave: _, ...left } = begun
  const settled = settle(withHosts(run, [{ ...left, state: 'away', says, code: how }]), at)
  const isStillAway = isHostIn(settled.run, host, 'away')
  return isStillAway ? moved(settled.run, [...settled.commands, { do: 'await-host', host }]) : settled
}

function isWaitedFor({ terms, stopping }: Run, at: Instant): boolean {
  return stopping === null && terms.awaitHostsUntil !== undefined && at < terms.awaitHostsUntil
}

/** Recorded before anybody is told: whoever takes the run up afterwards asks these hosts, and tells nobody twice. */
function hostsBegun(run: Run, { at, hosts }: Of<'hosts-begun'>): Step {
  if (!isIn(run, 'applying', 'waiting') || run.stopping || !hosts.every((host) => isCalledIn(run, host)))
    return notReady(run, 'it is not the turn of these hosts')
  // A controller that was away may find room before it finds out that the time is up.
  if (run.manifest === null || at >= run.manifest.notAfter) return notReady(run, 'its approval is too old')
  return beginHosts(run, hosts, at)
}

function waveWatched(run: Run, { at, group: key, wave, unwell }: Of<'wave-watched'>): Step {
  const group = groupOf(run, key)
  const watched = group?.watched
  const isDue =
    isIn(run, 'applying', 'waiting', 'paused', 'holding') && watched?.wave === wave && watched.unwell === null
  if (!group || !isDue) return notReady(run, 'that wave is not watched')
  return settle({ ...run, groups: withGroup(run.groups, { ...group, watched: { ...watched, unwell } }) }, at)
}

function planningMoved(run: Run, at: Instant): Moved {
  if (!allAnswered(run)) return moved(run)
  if (run.groups.length > 0) return moved(run, [{ do: 'ask-approval' }])
  if (run.hosts.every((host) => host.state === 'nothing-to-do')) return moved(end(run, 'nothing-to-do', at))
  return moved(end(stop(run, { to: 'halted', by: null, says: 'No host could make a plan.' }), 'halted', at))
}

function hostReported(run: Run, id: HostId, report: ApplyReport, at: Instant): Step {
  const host = hostOf(run, id, 'applying', 'lost', 'unknown')
  if (!host || report.host !== id || report.plan !== host.plan)
    return notReady(run, 'this is not about an apply of this run')
  const outcome = endFromReport(report)
  if (outcome === null)
    return host.state === 'applying'
      ? askHost(run, id, 'The host answered before it was done.')
      : notReady(run, 'that apply has no outcome yet')
  const after = patchHost(run, id, outcome)
  // A late truth about a host that was given up changes what is known of it, not how the run ended.
  return hasEnded(run.state) ? moved(after) : settle(canaryNote(run, after, id, at), at)
}

function hostRefused(run: Run, { at, host: id, problem: why }: Of<'host-refused-to-apply'>): Step {
  const host = hostOf(run, id, 'applying')
  if (!host) return notReady(run, 'that host is not applying')
  if (mayBeOurs(why, host.attempts)) return askHost(run, id, why.detail)
  return settle(canaryNote(run, patchHost(run, id, endFromProblem(why)), id, at), at)
}

/** It is asked again to apply, if the run still goes on, but not for ever. */
function hostNeverHeard(run: Run, id: HostId, at: Instant): Step {
  const host = hostOf(run, id, 'applying', 'lost', 'unknown')
  if (!host) return notReady(run, 'that host is not at work')
  const nothingBegun = 'Nothing was begun on it: its journal knows nothing of this plan.'
  if (hasEnded(run.state)) return moved(patchHost(run, id, { state: 'skipped', says: nothingBegun }))
  const attempts = host.attempts + 1
  if (run.stopping) return settle(patchHost(run, id, { state: 'skipped', says: nothingBegun, attempts }), at)
  if (attempts >= maxAttempts || host.state === 'unknown')
    return settle(
      patchHost(run, id, { state: 'unreachable', says: `${nothingBegun} It was asked ${attempts} times.`, attempts }),
      at,
    )
  return settle(patchHost(run, id, { state: 'waiting', says: null, attempts }), at)
}

/** A command that is lost this often is lost for a reason. */
export const maxAttempts = 3

function askHost(run: Run, id: HostId, says: string, code: RunHost['code'] = null): Step {
  const plan = hostOf(run, id)?.plan
  if (!plan) return notReady(run, 'that host has no plan')
  return moved(patchHost(run, id, { state: 'lost', says, code }), [{ do: 'ask-host', host: id, plan }])
}

/** What a canary said that lets the rest pass, or not yet, though it is not simply fixed. */
function canaryNote(before: Run, after: Run, id: HostId, at: Instant): Run {
  const [was, host] = [hostOf(before, id), hostOf(after, id)]
  const group = was?.group ? groupOf(before, was.group) : null
  if (!group || !host || was?.wave !== 0 || standingOf(was) === 'passed-over') return after
  if (host.state === 'cleared-still-failing' && !takesBack(group))
    return note(after, at, `${id} is clear of what was found but still fails for another reason; the rest follows.`)
  if (host.state === 'inconclusive' && host.probesPass)
    return note(
      after,
      at,
      `${id} had too little traffic to judge by; every request made on purpose was answered, and the rest follows.`,
    )
  if (host.state === 'stale')
    return note(
      after,
      at,
      `${id} changed since it was planned and was not touched; the next host takes its place as canary.`,
    )
  return after
}

function promoted(run: Run, { at, by, group: key }: Of<'promoted'>): Step {
  const group = groupOf(run, key)
  if (!group || !isIn(run, 'applying', 'waiting', 'holding', 'paused') || gateOf(run, group) !== 'held')
    return notReady(run, 'no wave of that change is waiting for a word')
  const promotedNow = { by, at, wave: nextWaveOf(run, group) }
  return settle({ ...run, groups: withGroup(run.groups, { ...group, promoted: promotedNow }) }, at)
}

function aborted(run: Run, { at, by, reason }: Of<'aborted'>): Step {
  if (hasEnded(run.state) || run.stopping) return notReady(run, run.stopping ? 'it is stopping already' : 'it is over')
  const stopped = stop(run, { to: 'aborted', by, says: reason })
  return isIn(run, 'applying', 'waiting', 'holding', 'paused')
    ? settle(stopped, at)
    : moved(end(stopped, 'aborted', at))
}

function expired(run: Run, at: Instant): Step {
  const stopped = stop(run, tooOld(run, at))
  const isDeadline = run.terms.deadline !== undefined && run.terms.deadline <= at
  if (isIn(run, 'planning') && isDeadline) return moved(end(stopped, 'expired', at))
  if (isIn(run, 'awaiting-approval', 'approved') || allAnswered(run)) return moved(end(stopped, 'expired', at))
  // Hosts at work were begun in time; where nobody waits, nothing is stopped.
  const { standing } = tallyOf(run)
  const isLeft = standing.waiting + standing.away > 0
  if (!isIn(run, 'applying', 'waiting', 'holding', 'paused') || !isLeft)
    return notReady(run, 'nothing in it can expire')
  return settle(stopped, at)
}

function allAnswered(run: Run): boolean {
  return isIn(run, 'planning') && tallyOf(run).planning === 0
}

function isHostIn(run: Run, id: HostId, ...states: readonly RunHost['state'][]): boolean {
  return hostOf(run, id, ...states) !== null
}

function hostOf(run: Run, id: HostId, ...states: readonly RunHost['state'][]): RunHost | null {
  const host = anyHostOf(run, id)
  return host && (states.length === 0 || states.includes(host.state)) ? host : null
}
