import fc from 'fast-check'
import { HostId } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { hostIdFrom, ownHostId } from './host-id.ts'

test.each([
  ['web-7', 'web-7'],
  ['Web7.Example.ORG', 'web7.example.org'],
  ['web_7', 'web-7'],
  ['-web.', 'web'],
  ['', 'localhost'],
  ['___', 'localhost'],
])('the kernel name %j becomes %j', (name, id) => {
  expect(hostIdFrom(name)).toBe(id)
})

test('any name at all becomes a valid id, and a valid id stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
      const id = hostIdFrom(name)
      expect(HostId.safeParse(id).success).toBe(true)
      expect(hostIdFrom(id)).toBe(id)
    }),
  )
})

test('a configured name is taken as it stands, or not at all', () => {
  expect(ownHostId('web-7')).toBe('web-7')
  expect(() => ownHostId('Web 7')).toThrow(/./)
})
