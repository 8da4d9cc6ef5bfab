/**
 * How much a listener is used, from `/proc/net/unix` and `/proc/net/tcp{,6}`: one file each, no program started, so that it
 * can be read every minute. For a FastCGI listener a connection is a request, but for kept ones that idle.
 */
import type { SocketAddress } from '../host/host.ts'

export interface SocketUse {
  /** Accepted and not closed: held by a worker. */
  readonly busy: number
  /** In the listener's queue. */
  readonly waiting: number
}

/** `SS_CONNECTING` and `SS_CONNECTED` (linux/net.h). A connection that waits to be accepted is the first of them. */
const connecting = '02'
const connected = '03'

/** Columns: address refcount protocol flags type state inode path. Both ends of a connection show; only ours has the path. */
export function readUnixUse(text: string): ReadonlyMap<SocketAddress, SocketUse> {
  const use = new Map<SocketAddress, SocketUse>()
  for (const line of text.split('\n')) {
    const match = /^[0-9a-f]+: \S+ \S+ (\S+) \S+ (\d\d) +\d+ (\/.*)$/.exec(line)
    if (!match) continue
    const [, flags, state, path = ''] = match
    const known = use.get(`unix:${path}`) ?? { busy: 0, waiting: 0 }
    const isListener = flags === '00010000'
    use.set(`unix:${path}`, {
      busy: known.busy + Number(!isListener && state === connected),
      waiting: known.waiting + Number(!isListener && state === connecting),
    })
  }
  return use
}

/** `TCP_ESTABLISHED` and `TCP_LISTEN` (net/tcp_states.h). */
const established = '01'
const listening = '0A'

/** By port: a listener on every address accepts on each. In the row of a listener `rx_queue` is its accept queue. */
export function readTcpUse(...texts: readonly string[]): ReadonlyMap<number, SocketUse> {
  const open = new Map<number, number>()
  const queued = new Map<number, number>()
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const match = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) [0-9A-F]{8}:([0-9A-F]{8}) /.exec(
      line,
    )
    if (!match) continue
    const [, portHex = '', state, queueHex = ''] = match
    const port = Number.parseInt(portHex, 16)
    if (state === listening) queued.set(port, (queued.get(port) ?? 0) + Number.parseInt(queueHex, 16))
    else if (state === established) open.set(port, (open.get(port) ?? 0) + 1)
  }
  return new Map(
    [...queued].map(([port, waiting]) => [port, { busy: Math.max(0, (open.get(port) ?? 0) - waiting), waiting }]),
  )
}

/** What is known of one listener; null where nothing listens. */
export function useOf(
  address: SocketAddress,
  unix: ReadonlyMap<SocketAddress, SocketUse>,
  tcp: ReadonlyMap<number, SocketUse>,
): SocketUse | null {
  if (address.startsWith('unix:')) return unix.get(address) ?? null
  return tcp.get(Number(address.slice(address.lastIndexOf(':') + 1))) ?? null
}
