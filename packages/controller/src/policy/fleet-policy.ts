/**
 * What holds for the whole fleet, whatever the run: how many of a kind may be in change at once, when hosts may be begun, and
 * when not at all. One rule a line. Pure.
 *
 *     at-most 10% of role=web,zone=a
 *     open mon-thu 22:00-05:00 Europe/Berlin for env=prod
 *     frozen 2026-12-24T18:00 to 2027-01-02T06:00 Europe/Berlin for all: Christmas
 */
import { maintenanceAt, readShare, readZonedWindow, shareOf, zonedWindowText } from '@fleetmend/shared'
import type { HostId, HostRecord, Share, ZonedWindow } from '@fleetmend/shared'
import { readSelector, selects, type Requirement } from '../fleet/selector.ts'
import type { FleetRules } from '../runs/room.ts'

export interface FleetPolicy {
  readonly limits: readonly { readonly most: Share; readonly of: Selected }[]
  /** Hosts that several lines select are begun while one of these is open. */
  readonly windows: readonly { readonly window: ZonedWindow; readonly of: Selected }[]
  readonly freezes: readonly Freeze[]
}

export interface Freeze {
  readonly fromMs: number
  readonly untilMs: number
  readonly of: Selected
  readonly says: string
}

export interface Selected {
  readonly words: string
  /** Null: every host. */
  readonly requirements: readonly Requirement[] | null
}

export type PolicyRead =
  | { readonly ok: true; readonly value: FleetPolicy }
  | { readonly ok: false; readonly line: number; readonly says: string }

export function readFleetPolicy(text: string): PolicyRead {
  const policy = { limits: [...noLimits], windows: [...noWindows], freezes: [...noFreezes] }
  for (const [index, line] of text.split('\n').entries()) {
    const rule = line.trim().replaceAll(/\s+/g, ' ')
    if (rule === '' || rule.startsWith('#')) continue
    const read = readRule(rule)
    if (typeof read === 'string') return { ok: false, line: index + 1, says: read }
    if ('most' in read) policy.limits.push(read)
    else if ('window' in read) policy.windows.push(read)
    else policy.freezes.push(read)
  }
  return { ok: true, value: policy }
}

/** What the policy comes to now, with the hosts that there are. A share is of the hosts that are in the fleet. */
export function rulesNow(policy: FleetPolicy, hosts: readonly HostRecord[], nowMs: number): FleetRules {
  const membersOf = ({ requirements }: Selected): ReadonlySet<HostId> | null =>
    requirements && new Set(hosts.filter(({ labels }) => selects(requirements, labels)).map(({ id }) => id))
  return {
    limits: policy.limits.map(({ most, of }) => {
      const members = membersOf(of)
      // Less than one host is one: a limit that lets nobody begin is a freeze, and says so.
      const hostsThen = Math.max(1, shareOf(most, members?.size ?? hosts.length))
      return { words: `${most} of ${of.words}`, members, most: hostsThen }
    }),
    closed: [
      ...frozenNow(policy, nowMs).map((freeze) => ({ says: freeze.says, members: membersOf(freeze.of) })),
      ...closedNow(policy, hosts, nowMs),
    ],
  }
}

type Limit = FleetPolicy['limits'][number]
type Window = FleetPolicy['windows'][number]
const noLimits: readonly Limit[] = []
const noWindows: readonly Window[] = []
const noFreezes: readonly Freeze[] = []

function frozenNow({ freezes }: FleetPolicy, nowMs: number): readonly Freeze[] {
  return freezes.filter(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs)
}

/** Hosts with windows of which none is open, those with the same windows together. */
function closedNow({ windows }: FleetPolicy, hosts: readonly HostRecord[], nowMs: number): FleetRules['closed'] {
  if (windows.length === 0) return []
  const states = windows.map(({ window }) => maintenanceAt([window], window.zone, nowMs))
  const groups = Map.groupBy(hosts, ({ labels }) =>
    windows.flatMap(({ of }, n) => (of.requirements === null || selects(of.requirements, labels) ? [n] : [])).join(' '),
  )
  return [...groups].flatMap(([key, members]) => {
    const mine = key === '' ? [] : key.split(' ').map(Number)
    if (mine.length === 0 || mine.some((n) => states[n]?.isOpen)) return []
    const nextMs = Math.min(...mine.map((n) => (states[n]?.isOpen === false ? states[n].nextMs : nowMs)))
    const all = mine.flatMap((n) => (windows[n] ? zonedWindowText(windows[n].window) : [])).join(' or ')
    const says = `Such hosts are begun only ${all}, next at ${new Date(nextMs).toISOString()}.`
    return [{ says, members: new Set(members.map(({ id }) => id)) }]
  })
}

const limitForm = /^at-most (?<most>\S+) of (?<of>.+)$/
const windowForm = /^open (?<window>\S+ \S+ \S+) for (?<of>.+)$/
const freezeForm =
  /^frozen (?<from>\d{4}-\d\d-\d\dT\d\d:\d\d) to (?<until>\d{4}-\d\d-\d\dT\d\d:\d\d) (?<zone>\S+) for (?<of>[^:]+)(?:: (?<because>.+))?$/

/** A rule, or why it is none. */
function readRule(rule: string): Limit | Window | Freeze | string {
  const [word] = rule.split(' ')
  const found = { 'at-most': limitForm, open: windowForm, frozen: freezeForm }[word ?? '']?.exec(rule)?.groups
  if (!found)
    return `${JSON.stringify(rule.slice(0, 80))} is no rule. There are: at-most SHARE of LABELS; open DAYS FROM-TO ZONE for LABELS; frozen FROM to UNTIL ZONE for LABELS: WHY.`
  const of = selected(found['of'] ?? '')
  if (typeof of === 'string') return of
  if (word === 'at-most') {
    const most = readShare(found['most'] ?? '')
    return most === null || most === 0
      ? `${JSON.stringify(found['most'])} is no number of hosts and no percentage.`
      : { most, of }
  }
  if (word === 'open') {
    const window = readZonedWindow(found['window'] ?? '')
    return window
      ? { window, of }
      : `${JSON.stringify(found['window'])} is no window, such as mon-thu 22:00-05:00 Europe/Berlin.`
  }
  return freeze(found, of)
}

/**
 * By the clock of a place. Where its time comes twice, it is frozen from the first of them and until the second: nothing is
 * begun in an hour that somebody may have meant.
 */
function freeze(found: Readonly<Record<string, string>>, of: Selected): Freeze | string {
  const { from = '', until = '', zone = '', because } = found
  const fromMs = instantOf(from, zone, 'earlier')
  const untilMs = instantOf(until, zone, 'later')
  if (fromMs === null || untilMs === null) return `${from}, ${until} and ${zone} are no times of a place.`
  if (fromMs >= untilMs) return `It ends, at ${until}, before it begins.`
  const says = `Nothing is begun on such hosts from ${from} to ${until} (${zone})${because === undefined ? '.' : `: ${because}`}`
  return { fromMs, untilMs, of, says }
}

function instantOf(text: string, zone: string, disambiguation: 'earlier' | 'later'): number | null {
  try {
    return Temporal.PlainDateTime.from(text).toZonedDateTime(zone, { disambiguation }).epochMilliseconds
  } catch {
    return null
  }
}

function selected(words: string): Selected | string {
  if (words === 'all') return { words: 'all hosts', requirements: null }
  const read = readSelector(words)
  return read.ok ? { words, requirements: read.value } : (read.problem.detail.split('\n')[0] ?? '')
}
