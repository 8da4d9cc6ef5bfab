import { expect, test } from 'vitest'
import { canonicalIpv6, readIpv4Addresses, readIpv6Addresses } from './local-addresses.ts'

const fibTrie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 192.0.2.0
        /24 link UNICAST
Local:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.2
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
`

test('an address of the host is a leaf that is routed to the host itself', () => {
  expect([...readIpv4Addresses(fibTrie)]).toEqual(['127.0.0.1', '192.0.2.2'])
})

test('IPv6 addresses come in the form that people write', () => {
  const ifInet6 = `00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000042 02 40 00 80     eth0
`
  expect([...readIpv6Addresses(ifInet6)]).toEqual(['::1', '2001:db8::42'])
})

test.each([
  ['2001:DB8:0:0::42', '2001:db8::42'],
  ['::1', '::1'],
  ['fe80::1%eth0', null],
  ['192.0.2.2', null],
  ['nonsense', null],
])('%s is canonically %s', (address, canonical) => {
  expect(canonicalIpv6(address)).toBe(canonical)
})
