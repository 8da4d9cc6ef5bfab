import { expect, test } from 'vitest'
import { readPortTries } from './port-tries.ts'

const here = '0100007F'
const row = (
  from: string,
  to: string,
  state: string,
  { timer = '00:00000000', retried = '00000000', inode = 2642 } = {},
) =>
  `   0: ${from} ${to} ${state} 00000000:00000000 ${timer} ${retried}    33        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`
const trying = (ticks: number, retried: number, port = '2328') =>
  row(`${here}:D2F0`, `${here}:${port}`, '02', {
    timer: `01:${ticks.toString(16).toUpperCase().padStart(8, '0')}`,
    retried: retried.toString(16).toUpperCase().padStart(8, '0'),
  })

test('who was dropped is still trying; the timer tells since when', () => {
  expect(readPortTries(9000, trying(70, 0), trying(50, 1), trying(1600, 4)).droppedAgoMs).toEqual([300, 1500, 0])
})

test('tries elsewhere, and those of other hosts, are not ours', () => {
  const fromElsewhere = row('0200000A:D2F0', '0100000A:2328', '02', { timer: '01:00000032' })
  expect(readPortTries(9000, trying(70, 0, '2329') + fromElsewhere)).toEqual({ held: 0, droppedAgoMs: [] })
})

test('held is what a process has accepted, on either family', () => {
  const mapped = '0000000000000000FFFF00000100007F'
  const tcp =
    row(`${here}:2328`, '00000000:0000', '0A') +
    row(`${here}:2328`, `${here}:D2F0`, '01') +
    row(`${here}:D2F0`, `${here}:2328`, '01') +
    row(`${here}:2328`, `${here}:D2F2`, '01', { inode: 0 }) +
    row(`${here}:2328`, `${here}:D2F4`, '06', { inode: 0 })
  expect(readPortTries(9000, tcp, row(`${mapped}:2328`, `${mapped}:D2F6`, '01')).held).toBe(2)
})
