import { expect, test } from 'vitest'
import { localhostAddresses } from './localhost.ts'

const loopback = '00000000000000000000000000000001 01 80 10 80       lo\n'
/** A lab host's. */
const linkLocal = 'fe800000000000009c61a1fffe971346 02 40 20 80    host0\n'
const both = '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 web-1\n'

test.each([
  { is: 'both', hosts: both, ifInet6: linkLocal + loopback, addresses: ['127.0.0.1', '[::1]'] },
  { is: 'one where only the loopback has IPv6', hosts: both, ifInet6: loopback, addresses: ['127.0.0.1'] },
  { is: 'one where IPv6 is off', hosts: both, ifInet6: '', addresses: ['127.0.0.1'] },
  {
    is: 'one where /etc/hosts has one',
    hosts: '127.0.0.1\tlocalhost web # ::1 localhost\n::1 ip6-localhost ip6-loopback\n',
    ifInet6: linkLocal,
    addresses: ['127.0.0.1'],
  },
  { is: 'both where no file names it', hosts: '', ifInet6: linkLocal, addresses: ['127.0.0.1', '[::1]'] },
])('localhost is $is', ({ hosts, ifInet6, addresses }) => {
  expect(localhostAddresses(hosts, ifInet6)).toEqual(addresses)
})
