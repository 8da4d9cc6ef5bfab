import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { digestOf } from '../digest.ts'
import { Manifest, manifestBytes, manifestDigest } from './manifest.ts'

const manifest: Manifest = {
  format: 'fleetmend.manifest/1',
  run: 'r-20261121-031455-41bd',
  requester: 'ana',
  reason: '502s on shop since 03:02',
  waves: { canaryHosts: 1, batchHosts: 5 },
  notBefore: '2026-11-21T03:15:00.000Z',
  notAfter: '2026-11-21T04:15:00.000Z',
  hosts: 3,
  root: `sha256:${'0b'.repeat(32)}`,
}

test('the bytes that are signed are pinned: a change needs a new format', () => {
  expect(manifestBytes(manifest).toString()).toBe(
    '{"format":"fleetmend.manifest/1","hosts":3,"notAfter":"2026-11-21T04:15:00.000Z","notBefore":"2026-11-21T03:15:00.000Z",' +
      '"reason":"502s on shop since 03:02","requester":"ana","root":"sha256:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",' +
      '"run":"r-20261121-031455-41bd","waves":{"batchHosts":5,"canaryHosts":1}}',
  )
  expect(manifestDigest(manifest)).toBe(digestOf(manifest))
})

test('the order of the fields on the wire does not change what is signed', () => {
  const turned = Object.fromEntries(Object.entries(manifest).toReversed())
  expect(manifestBytes(z.parse(Manifest, turned))).toEqual(manifestBytes(manifest))
})

test.each([
  { name: 'another format', change: { format: 'fleetmend.manifest/2' } },
  { name: 'a field that nobody knows', change: { force: true } },
  { name: 'no hosts', change: { hosts: 0 } },
  { name: 'part of a host', change: { hosts: 1.5 } },
  { name: 'a root that is no digest', change: { root: 'abc' } },
  { name: 'an end before the beginning', change: { notAfter: '2026-11-21T03:14:59.999Z' } },
  { name: 'an end at the beginning', change: { notAfter: manifest.notBefore } },
  { name: 'a day that does not exist', change: { notAfter: '2026-11-31T03:15:00.000Z' } },
  { name: 'a time without a zone', change: { notAfter: '2026-11-21T04:15:00.000' } },
  { name: 'a time in another zone', change: { notAfter: '2026-11-21T04:15:00.000+01:00' } },
  { name: 'batches of none', change: { waves: { canaryHosts: 1, batchHosts: 0 } } },
  { name: 'a requester with an escape sequence', change: { requester: 'ana\u001b[2K' } },
  { name: 'a requester with a line break', change: { requester: 'ana\nroot' } },
  { name: 'a reason with a carriage return', change: { reason: 'harmless\rno' } },
  { name: 'half of a surrogate pair', change: { reason: 'broken \ud800' } },
  { name: 'no reason', change: { reason: '' } },
])('$name is refused', ({ change }) => {
  expect(z.safeParse(Manifest, { ...manifest, ...change }).success).toBe(false)
})

test('a reason may have several lines, in any language', () => {
  expect(z.safeParse(Manifest, { ...manifest, reason: 'Käse\nشكرا 🧀' }).success).toBe(true)
})

test('whatever the schema accepts has canonical bytes, and they parse to the same manifest', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(text, text, fc.integer({ min: 1 }), (requester, reason, hosts) => {
      const parsed = z.safeParse(Manifest, { ...manifest, requester, reason, hosts })
      fc.pre(parsed.success)
      expect(JSON.parse(manifestBytes(parsed.data).toString())).toEqual(parsed.data)
    }),
  )
})
