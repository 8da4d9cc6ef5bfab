import { expect, test } from 'vitest'
import { readDroppedConnections } from './dropped-connections.ts'

const row = (from: string, to: string, state = '01') =>
  `   0: ${from} ${to} ${state} 00000000:00000000 01:00000040 00000003    33        0 2642 1 0000000000000000 20 4 30 10 -1\n`
const here = '0100007F'
const ports = new Set([9000])

test('a connection that its listener does not know is one that was dropped', () => {
  const tcp =
    row(`${here}:2328`, '00000000:0000', '0A') +
    // Accepted, waiting to be accepted, and closed by PHP already: known.
    ['D2F0', 'D2F2']
      .map((port) => row(`${here}:2328`, `${here}:${port}`) + row(`${here}:${port}`, `${here}:2328`))
      .join('') +
    row(`${here}:2328`, `${here}:D2F4`, '05') +
    row(`${here}:D2F4`, `${here}:2328`) +
    // In the middle of its handshake here, and through with it there.
    row(`${here}:2328`, `${here}:D2F6`, '03') +
    row(`${here}:D2F6`, `${here}:2328`) +
    // Not connected yet, and dropped.
    row(`${here}:D2F8`, `${here}:2328`, '02') +
    row(`${here}:D2FA`, `${here}:2328`)
  expect(readDroppedConnections(ports, tcp, '')).toBe(1)
  expect(readDroppedConnections(new Set([9001]), tcp, '')).toBe(0)
})

test('who connects over IPv4 to a listener for both families is known to it', () => {
  const mapped = '0000000000000000FFFF00000100007F'
  const six = '00000000000000000000000001000000'
  const tcp6 = row(`${mapped}:2328`, `${mapped}:D2F0`) + row(`${six}:D2F2`, `${six}:2328`)
  expect(readDroppedConnections(ports, row(`${here}:D2F0`, `${here}:2328`), tcp6)).toBe(1)
})

test('what another host knows of a connection is not known here', () => {
  expect(readDroppedConnections(ports, row('0A00000A:D2F0', '0B00000A:2328'))).toBe(0)
  expect(readDroppedConnections(ports, 'garbage\n\0\n')).toBe(0)
})
