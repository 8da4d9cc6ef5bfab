/**
 * What must hold of a simulated fleet after every event, seen from outside: by what was saved and by what hosts really did,
 * not by what the engine thinks of itself. Broken rules come out as sentences.
 */
import { isDeepStrictEqual } from 'node:util'
import { hasEnded, type ApplyOutcome, type HostId, type Run, type RunHost, type RunId } from '@fleetmend/shared'
import { isGivenUp, standingOf } from '../../src/runs/host-states.ts'
import type { FleetRules } from '../../src/runs/room.ts'
import type { RunEvent } from '../../src/runs/run-event.ts'
import { begin, transition } from '../../src/runs/transition.ts'
import { brokenInState, brokenInStep } from '../run-invariants.ts'
import type { Begun } from './simulated-hosts.ts'
import { brokenOrder, type Deed } from './order-of-deeds.ts'

export interface Truth {
  /** An event was saved with the run that it made. */
  saved(run: Run, event: RunEvent): void
  begun(begun: Begun): void
  ended(begun: Begun, outcome: ApplyOutcome, probesPass: boolean): void
  /** Every run as it was last saved. */
  runs(): readonly Run[]
  /** Somebody asked for a run, with this key, and was told that it is this one. */
  answered(key: string, run: RunId): void
  /** Nothing more will happen; so many runs were wanted. */
  over(wanted: number): void
  readonly broken: readonly string[]
}

export interface TruthOptions {
  readonly tell: (who: string, says: string) => void
  readonly nowMs: () => number
  readonly rulesAt: (ms: number) => FleetRules
  /** Out of the fleet: nobody asks it any more. */
  readonly isRemoved: (host: HostId) => boolean
}

export function openTruth({ tell, nowMs, rulesAt, isRemoved }: TruthOptions): Truth {
  const runs = new Map<RunId, Run>()
  const deeds: Deed[] = []
  const begunWith = new Map<string, RunId>()
  const broken: string[] = []
  const must = (holds: boolean, rule: string): void => {
    if (holds) return
    broken.push(rule)
    tell('RULE', rule)
  }
  const hostOf = (run: RunId, host: HostId) => runs.get(run)?.hosts.find(({ id }) => id === host)
  /** A host that was given up may be at work for ever: nobody counts on it. */
  const atWork = (): readonly Deed[] =>
    deeds.filter(({ outcome, host, run }) => outcome === null && hostOf(run, host)?.state !== 'unknown')

  function mustBeRoom(run: Run, hosts: readonly HostId[], atMs: number): void {
    const { limits, closed } = rulesAt(atMs)
    const inChange = [...runs.values()].flatMap((each) => (each.id === run.id ? run : each).hosts.filter(isInFlight))
    const givenUp = [...runs.values()].flatMap(({ hosts: all }) =>
      all.filter((each) => isGivenUp(each) && !isRemoved(each.id)),
    )
    const counted = new Set([...inChange, ...givenUp].map(({ id }) => id))
    const twice = inChange.find(({ id }, n) => inChange.findIndex((each) => each.id === id) !== n)
    must(twice === undefined, `${twice?.id} is in change by two runs`)
    for (const { members, most, words } of limits) {
      const count = [...counted].filter((id) => members?.has(id) ?? true).length
      must(count <= most, `${count} hosts are, or may be, in change at once, and there may be ${words}`)
    }
    for (const { says, members } of closed)
      for (const host of hosts) must(members !== null && !members.has(host), `${host} begins though ${says}`)
  }

  function mustBeUnderLimits(run: Run): void {
    const { stopAtFailures, stopAtUnreachable, stopAtRolledBack, hostsAtOnce } = run.limits
    const count = (...states: readonly string[]): number =>
      run.hosts.filter((host) => host.plan !== null && states.includes(host.state)).length
    const unreachable = count('unreachable', 'timed-out')
    const rolledBack = count('rolled-back')
    const failed =
      count('not-fixed', 'refused', 'stuck', 'unknown') +
      (stopAtUnreachable === undefined ? unreachable : 0) +
      (stopAtRolledBack === undefined ? rolledBack : 0)
    must(failed < stopAtFailures, `${run.id} goes on with ${failed} failed hosts`)
    must(unreachable < (stopAtUnreachable ?? Infinity), `${run.id} goes on with ${unreachable} hosts not reached`)
    must(rolledBack < (stopAtRolledBack ?? Infinity), `${run.id} goes on with ${rolledBack} hosts rolled back`)
    const inFlight = run.hosts.filter(isInFlight).length
    must(inFlight <= (hostsAtOnce ?? Infinity), `${inFlight} hosts of ${run.id} are at work at once`)
  }

  return {
    broken,
    runs: () => [...runs.values()],

    saved(run, event) {
      const before = runs.get(run.id)
      const step = event.type === 'started' ? begin(event) : before && transition(before, event)
      must(step?.ok === true, `${event.type} of ${run.id} was saved though it does not fit`)
      if (step?.ok) {
        must(isDeepStrictEqual(step.run, run), `${event.type} of ${run.id} does not replay to what was saved`)
        for (const rule of brokenInState(run)) must(false, `${run.id} after ${event.type}: ${rule}`)
        if (before)
          for (const rule of brokenInStep(before, event, run, step.commands))
            must(false, `${run.id}, ${event.type}: ${rule}`)
      }
      if (event.type === 'hosts-begun') {
        mustBeRoom(run, event.hosts, Date.parse(event.at))
        mustBeUnderLimits(run)
        const { deadline } = run.terms
        must(deadline === undefined || event.at < deadline, `${run.id} begins hosts after its deadline`)
      }
      runs.set(run.id, run)
    },

    begun(it) {
      const { host, run: id, plan, signers } = it
      const run = runs.get(id)
      const known = hostOf(id, host)
      must(run !== undefined && known?.plan === plan, `${host} began what is no plan of ${id}`)
      if (!run || !known) return
      must(signers >= run.limits.approvalsNeeded, `${host} began with ${signers} signatures`)
      must(!deeds.some((each) => each.host === host && each.run === id), `${host} began twice for ${id}`)
      must(isInFlight(known), `${host} began while ${id} says ${known.state}`)
      must(!atWork().some((each) => each.host === host), `${host} is changed by two runs at once`)
      const deed: Deed = { ...it, wave: known.wave ?? -1, outcome: null, probesPass: false, endedMs: null }
      for (const rule of brokenOrder(run, deed, deeds, nowMs())) must(false, rule)
      deeds.push(deed)
      for (const { members, most, words } of rulesAt(nowMs()).limits) {
        const really = deeds.filter((each) => each.outcome === null && !isRemoved(each.host)).map((each) => each.host)
        const count = new Set(really.filter((each) => members?.has(each) ?? true)).size
        must(count <= most, `${count} hosts really change at once, and there may be ${words}`)
      }
    },

    ended(begun, outcome, probesPass) {
      const deed = deeds.find((each) => each.host === begun.host && each.plan === begun.plan)
      if (deed) Object.assign(deed, { outcome, probesPass, endedMs: nowMs() })
    },

    answered(key, run) {
      must(runs.has(run), `${key} was answered with ${run}, which was not saved`)
      const before = begunWith.get(key) ?? run
      must(before === run, `${key} was answered with ${run}, and with ${before} before`)
      begunWith.set(key, run)
    },

    over(wanted) {
      must(runs.size <= wanted, `${runs.size} runs were begun, and ${wanted} were wanted`)
      must(new Set(begunWith.values()).size === begunWith.size, 'one run is the answer to two wishes')
      for (const run of runs.values()) {
        must(hasEnded(run.state), `${run.id} never ends: it is ${run.state}`)
        for (const host of run.hosts) {
          const deed = deeds.find((each) => each.run === run.id && each.host === host.id)
          const hasOutcome = ['done', 'failed', 'passed-over'].includes(standingOf(host))
          must(hasOutcome, `${host.id} of ${run.id} has no outcome: ${host.state}`)
          const really = deed?.outcome ?? 'untouched'
          must(fits(host.state, deed), `${host.id} of ${run.id} is ${host.state}, and really ${really}`)
        }
      }
    },
  }
}

function isInFlight(host: RunHost): boolean {
  return standingOf(host) === 'in-flight'
}

/** A refusal by the host may have been a plan that was stale. A host that was given up may have done anything. */
function fits(state: string, deed: Deed | undefined): boolean {
  if (state === 'unknown') return true
  if (deed === undefined)
    return ['nothing-to-do', 'plan-refused', 'refused', 'stale', 'unreachable', 'timed-out', 'skipped'].includes(state)
  return state === deed.outcome || (deed.outcome === 'refused' && state === 'stale')
}
