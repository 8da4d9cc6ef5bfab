import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { networkOf, places } from './places.ts'

describe('places for those who are not known yet', () => {
  test('are bounded by network, so that one neighbour keeps nobody else out, and together', () => {
    const open = places({ total: 5, perNetwork: 3 })
    const neighbour = [{}, {}, {}]
    expect(neighbour.map((each) => open.take(each, '192.0.2.1'))).toEqual([true, true, true])
    expect(open.take({}, '192.0.2.1')).toBe(false)
    expect(open.take({}, '192.0.2.2')).toBe(true)
    expect(open.take({}, '192.0.2.3')).toBe(true)
    expect(open.take({}, '192.0.2.4')).toBe(false)
    open.leave(neighbour[0] ?? {})
    open.leave(neighbour[0] ?? {})
    expect(open.take({}, '192.0.2.1')).toBe(true)
    expect(open.take({}, '192.0.2.4')).toBe(false)
  })

  test('are free again when they are left, whatever happened in between', () => {
    const addresses = fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1')
    fc.assert(
      fc.property(fc.array(addresses, { maxLength: 40 }), (from) => {
        const open = places({ total: 10, perNetwork: 4 })
        const all = from.map((address) => ({ address }))
        for (const each of all) open.take(each, each.address)
        for (const each of all) open.leave(each)
        const again = ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.1']
        expect(again.map((address) => open.take({}, address))).toEqual([true, true, true, true, false])
      }),
    )
  })
})

test.each([
  { address: '192.0.2.7', network: '192.0.2.7' },
  { address: '::ffff:192.0.2.7', network: '192.0.2.7' },
  { address: '2001:db8:1:2:3:4:5:6', network: '2001:db8:1:2::/64' },
  { address: '2001:db8:1:2:ffff::9', network: '2001:db8:1:2::/64' },
  { address: '2001:db8::1', network: '2001:db8:0:0::/64' },
  { address: '::1', network: '0:0:0:0::/64' },
  { address: 'fe80::1%eth0', network: 'fe80:0:0:0::/64' },
  { address: '', network: '' },
])('$address counts as $network', ({ address, network }) => {
  expect(networkOf(address)).toBe(network)
})
