/** Which brakes of a host hold back a plan now, and until when: from its policy, its freeze file and what it did lately. */
import type { ApplyId, Plan, Policy } from '@fleetmend/shared'
import { maintenanceAt } from '@fleetmend/shared/maintenance'

/** A limit kept by the host, which holds back an apply now. */
export interface Brake {
  readonly brake: 'frozen' | 'remediation' | 'maintenance' | 'changes-per-hour' | 'cool-down'
  /** What holds, as a sentence. */
  readonly says: string
  /** When it lets go by itself; null: when a person lifts it. */
  readonly untilMs: number | null
  /** What root on this host would do to lift it, as a clause. */
  readonly lift: string
}

/** What a host keeps to, as root on it has written it down. */
export interface HostLimits {
  readonly policy: Policy
  /** Whose clock the maintenance windows go by: an IANA name, or UTC. */
  readonly zone: string
  /** Why the host is frozen; null: it is not. */
  readonly frozen: string | null
}

/** An apply that was begun and not refused. */
export interface PastApply {
  readonly apply: ApplyId
  readonly startedAtMs: number
  /** Null: it is at work. */
  readonly endedAtMs: number | null
  readonly remedies: readonly Remedy[]
}

/** A remediation and what it is for. */
export interface Remedy {
  readonly id: string
  /** Services, a pool or a site, as a person reads it. */
  readonly on: string
}

/** Of `plan` null: those that would hold back any plan. A rollback is never asked about (DESIGN D5). */
export function brakesOn(
  plan: Plan | null,
  { policy, zone, frozen }: HostLimits,
  past: readonly PastApply[],
  nowMs: number,
): readonly Brake[] {
  const remedies = plan ? remediesOf(plan) : []
  return [
    frozen === null ? null : frost(frozen),
    notAllowed(policy, remedies),
    outsideWindows(policy, zone, nowMs),
    tooMany(policy, past, nowMs),
    ...coolDowns(policy, remedies, past, nowMs),
  ].filter((brake) => brake !== null)
}

/**
 * What is counted keeps approvals from being used again and again by whoever does not see the host. Root at the host, who
 * could lift it, is told and not held back.
 */
export function bindsRoot({ brake }: Brake): boolean {
  return brake !== 'changes-per-hour' && brake !== 'cool-down'
}

/** What a plan repeats is told by the name in its input; one that names nothing is for the services that it acts on. */
export function remediesOf(plan: Plan): readonly Remedy[] {
  const services = [...new Set([...plan.acts, ...plan.checks, ...plan.changes].flatMap(serviceOf))].toSorted()
  return plan.remediations.map(({ id, input }) => {
    const named = ['pool', 'service', 'site'].map((key) => input[key]).filter((name) => typeof name === 'string')
    return { id, on: (named.length > 0 ? named : services).join(', ') || plan.host }
  })
}

function serviceOf(part: object): readonly string[] {
  return 'service' in part && typeof part.service === 'string' ? [part.service] : []
}

export const freezePath = '/etc/fleetmend/freeze'
export const policyPath = '/etc/fleetmend/policy.yaml'

function frost(reason: string): Brake {
  const says = reason === '' ? 'This host is frozen, and nobody wrote down why.' : `This host is frozen: ${reason}`
  return { brake: 'frozen', says, untilMs: null, lift: `remove ${freezePath}` }
}

function notAllowed({ remediations: allowed }: Policy, remedies: readonly Remedy[]): Brake | null {
  if (allowed === 'all') return null
  const others = [...new Set(remedies.map(({ id }) => id))].filter((id) => !allowed.includes(id))
  if (others.length === 0) return null
  return {
    brake: 'remediation',
    says: `This host does not allow ${others.join(', ')}. It allows ${allowed.join(', ') || 'nothing'}.`,
    untilMs: null,
    lift: liftBy('remediations'),
  }
}

function outsideWindows({ maintenance: { windows } }: Policy, zone: string, nowMs: number): Brake | null {
  const now = maintenanceAt(windows, zone, nowMs)
  if (now.isOpen) return null
  const all = windows.map(({ days, from, to }) => `${days.join(' ')} ${from}–${to}`).join(', ')
  return {
    brake: 'maintenance',
    says: `This host is changed only in its maintenance windows: ${all} (${zone}).`,
    untilMs: now.nextMs,
    lift: liftBy('maintenance'),
  }
}

const minuteMs = 60_000

function tooMany({ changesPerHour }: Policy, past: readonly PastApply[], nowMs: number): Brake | null {
  const begun = past.map(({ startedAtMs }) => startedAtMs).filter((atMs) => isWithin(60 * minuteMs, atMs, nowMs))
  // With so many of them gone there is room for one more.
  const last = begun.toSorted((a, b) => a - b)[begun.length - changesPerHour]
  if (last === undefined) return null
  return {
    brake: 'changes-per-hour',
    says: `${counted(begun.length)} begun on this host within an hour; approvals begin no more than ${changesPerHour}.`,
    untilMs: last + 60 * minuteMs,
    lift: `apply it there, or ${liftBy('changesPerHour')}`,
  }
}

function coolDowns(
  { coolDownMinutes }: Policy,
  remedies: readonly Remedy[],
  past: readonly PastApply[],
  nowMs: number,
): readonly Brake[] {
  return remedies.flatMap(({ id, on }) => {
    const before = past
      .filter((each) => each.remedies.some((remedy) => remedy.id === id && remedy.on === on))
      .map(({ apply, startedAtMs, endedAtMs }) => ({ apply, atMs: endedAtMs ?? startedAtMs }))
      .filter(({ atMs }) => isWithin(coolDownMinutes * minuteMs, atMs, nowMs))
      .toSorted((a, b) => b.atMs - a.atMs)[0]
    if (!before) return []
    const { apply, atMs } = before
    return {
      brake: 'cool-down',
      says: `${id} was applied to ${on} as ${apply}; no approval applies it there again within ${coolDownMinutes} min.`,
      untilMs: atMs + coolDownMinutes * minuteMs,
      lift: `apply it there, or ${liftBy('coolDownMinutes')}`,
    }
  })
}

/** Also of what is to come: that was before the clock was set back. Of the far future nothing is believed. */
function isWithin(limitMs: number, atMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) < limitMs
}

function counted(applies: number): string {
  return applies === 1 ? 'One apply was' : `${applies} applies were`
}

function liftBy(key: keyof Policy): string {
  return `change \`${key}\` in ${policyPath}`
}
