/** Lines of `/proc/PID/syscall` as workers of a Debian 12 host show them, with the numbers of this machine. */
import { expect, test } from 'vitest'
import { blockedReadOf, isInAccept } from './waiting-call.ts'

const { read, accept, sleep } =
  process.arch === 'x64' ? { read: 0, accept: 43, sleep: 230 } : { read: 63, accept: 202, sleep: 115 }

test.each([
  {
    what: 'for the next request of a connection',
    line: `${read} 0x5 0x7ffc0645ebf8 0x8 0xffffffff 0x1 0x0 0x7ffc0645ebd8 0x7f18f603e2ad\n`,
    descriptor: 5,
    isIn: false,
  },
  {
    what: 'for whoever connects next',
    line: `${accept} 0xa 0x7ffc0646ec70 0x7ffc0646ec68 0x1 0x0 0x0 0x7ffc0646ec48 0x7f18f60506f0\n`,
    descriptor: null,
    isIn: true,
  },
  {
    what: 'for time to pass, in a script',
    line: `${sleep} 0x0 0x0 0x7ffc0646c890 0x0 0x0 0x0 0x7ffc0646c878 0x7f18f6015503\n`,
    descriptor: null,
    isIn: false,
  },
  { what: 'for nothing: it is on a processor', line: 'running\n', descriptor: null, isIn: false },
  { what: 'in no call', line: '-1 0x7ffc0646c878 0x7f18f6015503\n', descriptor: null, isIn: false },
  { what: 'and nothing is said', line: '', descriptor: null, isIn: false },
])('a worker waits $what', ({ line, descriptor, isIn }) => {
  expect(blockedReadOf(line)).toBe(descriptor)
  expect(isInAccept(line)).toBe(isIn)
})
