/**
 * Places for connections of those who are not known yet: whoever reaches the port can take some. Bounded together and by
 * network, so that one neighbour who opens thousands keeps nobody else out.
 */
import { isIPv6 } from 'node:net'

export interface PlaceLimits {
  readonly total: number
  readonly perNetwork: number
}

export interface Places {
  /** False: all are taken. */
  take(connection: object, address: string): boolean
  /** It is known by now, or gone. Asked twice, the second time does nothing. */
  leave(connection: object): void
  /** Of one that has a place. */
  networkOf(connection: object): string | null
}

export function places({ total, perNetwork }: PlaceLimits): Places {
  const taken = new Map<object, string>()
  const counts = new Map<string, number>()
  return {
    take(connection, address) {
      const network = networkOf(address)
      const count = counts.get(network) ?? 0
      if (taken.size >= total || count >= perNetwork) return false
      taken.set(connection, network)
      counts.set(network, count + 1)
      return true
    },
    leave(connection) {
      const network = taken.get(connection)
      if (network === undefined) return
      taken.delete(connection)
      const left = (counts.get(network) ?? 1) - 1
      if (left === 0) counts.delete(network)
      else counts.set(network, left)
    },
    networkOf: (connection) => taken.get(connection) ?? null,
  }
}

/** Who has one address of IPv6 has 2^64 of them. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}
