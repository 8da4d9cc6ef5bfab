/**
 * Who tries to connect to a port of this host from this host, and how many are connected, from `/proc/net/tcp{,6}`. A
 * handshake within a host takes microseconds: who is still at it after some milliseconds was dropped, as `tcp_conn_request`
 * (tcp_input.c) does where the queue of a listener is full, or by a firewall, which lets nobody through.
 */

export interface PortTries {
  /** Connections that the listener's side has and somebody has accepted. */
  readonly held: number
  /** Milliseconds since the last try of each that was dropped. */
  readonly droppedAgoMs: readonly number[]
}

/** `TCP_ESTABLISHED` and `TCP_SYN_SENT` (net/tcp_states.h). */
const established = '01'
const synSent = '02'
/** A retransmission is what the timer of the row is for (`get_tcp4_sock`, tcp_ipv4.c). */
const retransmits = '01'
/** `TCP_TIMEOUT_INIT` (net/tcp.h). */
const firstTimeoutMs = 1000
/** Of `USER_HZ`, in which the kernel tells times. */
const msPerTick = 10
/** Doubled so often it is hours. */
const mostDoublings = 12

const row =
  /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ ([0-9A-F]{2}):([0-9A-F]{8}) ([0-9A-F]{8}) +\d+ +\d+ (\d+)/

export function readPortTries(port: number, ...texts: readonly string[]): PortTries {
  let held = 0
  const droppedAgoMs: number[] = []
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const match = row.exec(line)
    if (!match) continue
    const [, own, ownPort = '', other, otherPort = '', state, timer, ticks = '', retried = '', inode] = match
    // In the queue it has no inode yet.
    if (state === established && Number.parseInt(ownPort, 16) === port && inode !== '0') held++
    // Whoever connects to an address of its own does so from that address.
    const isTry = state === synSent && timer === retransmits && own === other && Number.parseInt(otherPort, 16) === port
    if (isTry) droppedAgoMs.push(sinceLastTryMs(Number.parseInt(retried, 16), Number.parseInt(ticks, 16)))
  }
  return { held, droppedAgoMs }
}

/**
 * The timeout doubles with each try. Newer kernels wait the same time after the first four (`tcp_syn_linear_timeouts`):
 * there a try is newer than what this says, never older.
 */
function sinceLastTryMs(retried: number, ticks: number): number {
  return Math.max(0, firstTimeoutMs * 2 ** Math.min(retried, mostDoublings) - ticks * msPerTick)
}
