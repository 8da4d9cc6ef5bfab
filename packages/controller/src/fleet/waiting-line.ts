/**
 * Places that are waited for: a fleet that comes back all at once is let in one host after the other, and none is sent away.
 * Networks take turns, so that one that sends thousands keeps nobody else waiting.
 */
import { networkOf, places, type PlaceLimits } from './places.ts'

export interface WaitingLimits {
  readonly places: PlaceLimits
  /** Those who wait, beside those who have a place. */
  readonly waiting: PlaceLimits
}

export interface WaitingLine {
  /** Calls `enter` when there is a place, which may be now. False: it cannot even wait. */
  queue(connection: object, address: string, enter: () => void): boolean
  /** It needs its place no more, or will not wait any longer. Asked twice, the second time does nothing. */
  leave(connection: object): void
}

export function waitingLine(limits: WaitingLimits): WaitingLine {
  const inside = places(limits.places)
  const outside = places(limits.waiting)
  /** By network, whose turn it is first; nobody waits where nobody has to. */
  const waiting = new Map<string, Map<object, () => void>>()

  /** After somebody left: at most as many networks are passed over as have all the places that one can have. */
  function letIn(): void {
    for (const [network, line] of waiting) {
      const [next] = line
      if (!next) throw new Error('A network without anybody waits. This is a bug.')
      const [connection, enter] = next
      if (!inside.take(connection, network)) continue
      forget(network, connection)
      const rest = waiting.get(network)
      if (rest) {
        waiting.delete(network)
        waiting.set(network, rest)
      }
      return enter()
    }
  }

  function forget(network: string, connection: object): void {
    const line = waiting.get(network)
    if (!line?.delete(connection)) return
    outside.leave(connection)
    if (line.size === 0) waiting.delete(network)
  }

  return {
    queue(connection, address, enter) {
      const network = networkOf(address)
      if (!waiting.has(network) && inside.take(connection, network)) {
        enter()
        return true
      }
      if (!outside.take(connection, network)) return false
      const line = waiting.get(network) ?? new Map<object, () => void>()
      waiting.set(network, line.set(connection, enter))
      return true
    },
    leave(connection) {
      const network = outside.networkOf(connection)
      if (network !== null) forget(network, connection)
      else if (inside.networkOf(connection) !== null) {
        inside.leave(connection)
        letIn()
      }
    },
  }
}
