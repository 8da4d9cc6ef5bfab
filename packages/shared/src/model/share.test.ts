import { expect, test } from 'vitest'
import { readShare, shareOf } from './share.ts'

test.each([
  { text: '3', of: 7, hosts: 3 },
  { text: '10%', of: 7, hosts: 1 },
  { text: '50%', of: 7, hosts: 4 },
  { text: '100%', of: 7, hosts: 7 },
  { text: '0%', of: 7, hosts: 0 },
  { text: '29%', of: 100, hosts: 29 },
  { text: '1%', of: 10_000, hosts: 100 },
])('$text of $of hosts are $hosts', ({ text, of, hosts }) => {
  expect(shareOf(readShare(text)!, of)).toBe(hosts)
})

test.each(['', '-1', '1.5', '101%', '1.5%', '%', '10 %', 'ten', '1e3', '1000000'])('%j is no share', (text) => {
  expect(readShare(text)).toBeNull()
})
