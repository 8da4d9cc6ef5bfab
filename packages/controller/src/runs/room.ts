/**
 * Which of the hosts whose turn it is may begin now, and what the others wait for: another run that has them, limits on how
 * many of a kind are in change at once over all runs, windows and freezes. Pure.
 */
import { maintenanceAt, zonedWindowText, type HeldBack, type HostId, type Run, type RunId } from '@fleetmend/shared'

/** What holds for the whole fleet now, whatever the run. Of `null` every host is a member. */
export interface FleetRules {
  /** Never more of these in change at once. */
  readonly limits: readonly RoomLimit[]
  /** None of these begins now. */
  readonly closed: readonly { readonly says: string; readonly members: ReadonlySet<HostId> | null }[]
}

export interface RoomLimit {
  /** As somebody wrote it: `10% of role=web`. */
  readonly words: string
  readonly members: ReadonlySet<HostId> | null
  readonly most: number
}

export interface InChange {
  readonly host: HostId
  readonly run: RunId
  /** It was begun and not heard of again: nobody knows whether it is still at work. */
  readonly isGivenUp: boolean
}

export interface Room {
  readonly begin: readonly HostId[]
  readonly heldBack: readonly HeldBack[]
}

export function roomFor(
  run: Pick<Run, 'id' | 'terms'>,
  wanted: readonly HostId[],
  inChange: readonly InChange[],
  rules: FleetRules,
  nowMs: number,
): Room {
  const late = whenOpen(run, nowMs)
  const holders = new Map(inChange.flatMap((each) => (each.isGivenUp ? [] : [[each.host, each.run] as const])))
  const counted = new Set(inChange.map((each) => each.host))
  const limits = rules.limits.map((limit) => countedIn(limit, inChange, run.id))
  const begin: HostId[] = []
  const held = new Map<string, Omit<HeldBack, 'hosts'> & { readonly hosts: HostId[] }>()
  for (const host of wanted) {
    const why = whyNot(host)
    if (why === null) {
      begin.push(host)
      for (const limit of limits) if (!counted.has(host) && isIn(limit.members, host)) limit.count++
      continue
    }
    const key = JSON.stringify(why)
    const known = held.get(key)
    if (known) known.hosts.push(host)
    else held.set(key, { ...why, hosts: [host] })
  }
  return { begin, heldBack: [...held.values()] }

  /** Null: it may begin. */
  function whyNot(host: HostId): Omit<HeldBack, 'hosts'> | null {
    const closed = rules.closed.find(({ members }) => isIn(members, host))
    if (closed) return { says: closed.says, behind: null }
    if (late !== null) return { says: late, behind: null }
    const holder = holders.get(host)
    if (holder !== undefined) return { says: `It is in change by ${holder}.`, behind: holder }
    // Of one that was given up nobody can tell but itself: to begin it makes no more hosts that may be in change.
    if (counted.has(host)) return null
    const full = limits.find(({ members, most, count }) => count >= most && isIn(members, host))
    if (!full) return null
    const { words, most, behind, givenUp } = full
    const unsure = givenUp.length === 0 ? '' : ` ${ofGivenUp(givenUp)}`
    return { says: `At most ${words} may be in change at once over all runs, and ${most} are.${unsure}`, behind }
  }
}

/** How many count towards it now, and another run that has some of them. */
function countedIn(
  limit: RoomLimit,
  inChange: readonly InChange[],
  own: RunId,
): RoomLimit & { count: number; readonly behind: RunId | null; readonly givenUp: readonly InChange[] } {
  const those = inChange.filter(({ host }) => isIn(limit.members, host))
  const count = new Set(those.map(({ host }) => host)).size
  return {
    ...limit,
    count,
    givenUp: those.filter(({ isGivenUp }) => isGivenUp),
    behind: those.find(({ run }) => run !== own)?.run ?? null,
  }
}

function ofGivenUp(those: readonly InChange[]): string {
  const named = those.slice(0, namedAtMost).map(({ host, run }) => `${host} (${run})`)
  const more = those.length > namedAtMost ? ` and ${those.length - namedAtMost} more` : ''
  return `Among them is what was begun and not heard of again: ${named.join(', ')}${more}. It counts until the host answers, or is taken out of the fleet.`
}

const namedAtMost = 5

/** Null: a window of the run is open, or it has none. */
function whenOpen({ terms: { windows = [] } }: Pick<Run, 'terms'>, nowMs: number): string | null {
  const states = windows.map((window) => maintenanceAt([window], window.zone, nowMs))
  if (windows.length === 0 || states.some(({ isOpen }) => isOpen)) return null
  const nextMs = Math.min(...states.map((state) => (state.isOpen ? nowMs : state.nextMs)))
  const all = windows.map(zonedWindowText).join(' or ')
  return `This run begins hosts only ${all}, next at ${new Date(nextMs).toISOString()}.`
}

function isIn(members: ReadonlySet<HostId> | null, host: HostId): boolean {
  return members === null || members.has(host)
}
