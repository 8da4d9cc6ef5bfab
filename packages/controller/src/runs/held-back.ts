/**
 * Who of those whose turn it is waits for room, and for what: fewer, as they begin, without going through all of them. Each
 * list of hosts is in the order of the run, as they were called. Pure.
 */
import type { HeldBack, HostId, Run } from '@fleetmend/shared'
import { changeLog } from './change-log.ts'

type Queue = Run['heldBack']

/** These have begun. */
export function withoutHosts(queue: Queue, begun: readonly HostId[]): Queue {
  return cut(queue, (hosts) => {
    const ranks = begun.flatMap((host) => {
      const rank = rankOf(hosts, host)
      return hosts[rank] === host ? [rank] : []
    })
    if (ranks.length === 0) return null
    const ends = [...ranks.toSorted((a, b) => a - b), hosts.length]
    const left = ends.map((end, n) => hosts.slice(n === 0 ? 0 : (ends[n - 1] ?? 0) + 1, end)).flat()
    return { left, gone: ranks.flatMap((rank) => hosts[rank] ?? []) }
  })
}

/** Nobody after this one is called any more; null: nobody at all. */
export function upTo(queue: Queue, last: HostId | null): Queue {
  return cut(queue, (hosts) => {
    const end = hosts.at(-1)
    if (last !== null && end !== undefined && end <= last) return null
    const rank = last === null ? 0 : rankOf(hosts, last)
    const rest = hosts[rank] === last ? rank + 1 : rank
    return { left: hosts.slice(0, rest), gone: hosts.slice(rest) }
  })
}

export function countOf(queue: Queue): number {
  return queue.reduce((sum, { hosts }) => sum + hosts.length, 0)
}

/** Who is not in a later one any more, where that is all that differs; null: nobody knows. */
export function hostsGone(before: Queue, after: Queue): readonly HostId[] | null {
  return log.between(before, after)
}

const log = changeLog<HeldBack, HostId>()

interface Cut {
  readonly left: HostId[]
  readonly gone: readonly HostId[]
}

function cut(queue: Queue, cutOf: (hosts: readonly HostId[]) => Cut | null): Queue {
  const gone: HostId[] = []
  const after = queue.flatMap((each): HeldBack[] => {
    const cutHere = cutOf(each.hosts)
    if (cutHere === null) return [each]
    gone.push(...cutHere.gone)
    return cutHere.left.length === 0 ? [] : [{ ...each, hosts: cutHere.left }]
  })
  if (gone.length === 0) return queue
  log.note(queue, after, gone)
  return after
}

/** Where it is, or would be. */
function rankOf(hosts: readonly HostId[], host: HostId): number {
  let [low, high] = [0, hosts.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((hosts[middle] ?? '') < host) low = middle + 1
    else high = middle
  }
  return low
}
