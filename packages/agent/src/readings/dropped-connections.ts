/**
 * Connections of this host to a port of its own that only their opener believes in, from `/proc/net/tcp{,6}`. Where a queue
 * is full the kernel drops the last packet of a handshake: whoever connects is done, the listener knows nothing of it, and
 * what is sent is sent again until it is reset (`tcp_v4_syn_recv_sock`, tcp_input.c), up to a minute later.
 */

/** `TCP_ESTABLISHED` (net/tcp_states.h). */
const established = '01'

/** How many there are to any of these ports. */
export function readDroppedConnections(ports: ReadonlySet<number>, ...texts: readonly string[]): number {
  const openers: string[] = []
  const known = new Set<string>()
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const match = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) /.exec(line)
    if (!match) continue
    const [, from = '', fromPort = '', to = '', toPort = '', state = ''] = match
    if (ports.has(Number.parseInt(fromPort, 16))) known.add(pair(to, toPort, from, fromPort))
    // Whoever connects to an address of its own does so from that address.
    const isOpener = ports.has(Number.parseInt(toPort, 16)) && plain(from) === plain(to)
    if (isOpener && state === established) openers.push(pair(from, fromPort, to, toPort))
  }
  return openers.filter((each) => !known.has(each)).length
}

function pair(from: string, fromPort: string, to: string, toPort: string): string {
  return `${plain(from)}:${fromPort} ${plain(to)}:${toPort}`
}

/** A listener for both families shows IPv4 as ::ffff:0:0/96. */
function plain(address: string): string {
  return address.replace(/^0000000000000000FFFF0000(?=[0-9A-F]{8}$)/, '')
}
