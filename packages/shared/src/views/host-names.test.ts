import { expect, test } from 'vitest'
import { hostNames } from './host-names.ts'

const counted = (count: number, name: (n: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, index) => name(index + 1))

test.each([
  { hosts: ['web-1'], says: 'web-1' },
  { hosts: counted(6, (n) => `web-${n}`), says: 'web-1, web-2, web-3, web-4, web-5, web-6' },
  { hosts: counted(240, (n) => `web-${n}`), says: 'web-[1-240]' },
  // In the order of text, as they come.
  { hosts: counted(12, (n) => `web-${n}`).toSorted(), says: 'web-[1-12]' },
  { hosts: counted(9, (n) => `web-${n === 9 ? 12 : n}`), says: 'web-[1-8,12]' },
  { hosts: [...counted(8, (n) => `web-${n}`), 'db-1'], says: 'web-[1-8], db-1' },
  { hosts: counted(8, (n) => `web${n}.eu2.example`), says: 'web[1-8].eu2.example' },
  { hosts: counted(8, (n) => `rack7-web${n}`), says: 'rack7-web[1-8]' },
  { hosts: counted(12, (n) => `web-${String(n).padStart(3, '0')}`), says: 'web-[001-012]' },
  { hosts: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], says: 'a, b, c, d, e, f, g' },
  { hosts: counted(30, (n) => `h${n * 2}`), says: 'h[2,4,6,8,10,12,14,16,18,20,22,24] and 18 more' },
  { hosts: counted(7, (n) => `h9999999999999999999${n}`), says: 'h[99999999999999999991-99999999999999999997]' },
])('$says', ({ hosts, says }) => expect(hostNames(hosts)).toBe(says))

test('padded numbers go on where they need no zero any more', () => {
  expect(hostNames(counted(101, (n) => `web-${String(n).padStart(2, '0')}`))).toBe('web-[01-09], web-[10-101]')
})
