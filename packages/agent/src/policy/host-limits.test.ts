import { Policy } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { hostOf } from '../execute/simulated-host.ts'
import { simulatedWorld } from '../execute/simulated-world.ts'
import type { FileFacts, ReadHost } from '../host/host.ts'
import { freezePath, policyPath } from '../judgement/brakes.ts'
import { readHostLimits } from './host-limits.ts'

function hostWith(files: Readonly<Record<string, string>>, facts: Partial<FileFacts> = {}): ReadHost {
  const world = simulatedWorld(0)
  world.directories.add('/etc/fleetmend')
  for (const [path, text] of Object.entries(files))
    world.files.set(path, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  const host = hostOf(world)
  return {
    ...host,
    stat: async (path) => {
      const found = await host.stat(path)
      return found.ok && path in files ? { ok: true, value: { ...found.value, ...facts } } : found
    },
  }
}

test('a host without a policy keeps to the defaults', async () => {
  expect(await readHostLimits(hostOf(simulatedWorld(0)))).toEqual({
    ok: true,
    isWritten: false,
    value: { policy: Policy.parse({}), zone: Temporal.Now.timeZoneId(), frozen: null },
  })
})

test('the clock of its windows is its own, or UTC where it says so', async () => {
  expect(await readHostLimits(hostWith({ [policyPath]: 'maintenance: { timeZone: UTC }' }))).toMatchObject({
    isWritten: true,
    value: { zone: 'UTC' },
  })
})

test.each<{ facts?: Partial<FileFacts>; text?: string; says: string }>([
  { facts: { mode: 0o664 }, says: 'policy.yaml: others than root may write to it (mode 0664).' },
  { facts: { uid: 1000 }, says: 'policy.yaml: it belongs to user 1000.' },
  { facts: { kind: 'link' }, says: 'policy.yaml: it is not a regular file.' },
  { text: '\ncoolDownMinutes: soon', says: 'policy.yaml:2: `coolDownMinutes` must be given as a number.' },
  { text: 'a: [', says: 'policy.yaml:1: ' },
])('a policy is kept whole or not at all: $says', async ({ facts, text = '', says }) => {
  expect(await readHostLimits(hostWith({ [policyPath]: text }, facts))).toMatchObject({
    ok: false,
    problem: { code: 'policy-unusable', detail: expect.stringContaining(`/etc/fleetmend/${says}`) },
  })
})

describe('a freeze file', () => {
  test.each<{ text: string; facts?: Partial<FileFacts>; frozen: string }>([
    { text: 'Sales until Monday.\n  Ask Ben – 4711.\n', frozen: 'Sales until Monday. Ask Ben – 4711.' },
    { text: '', frozen: '' },
    { text: 'x'.repeat(10_000), frozen: 'x'.repeat(500) },
    { text: 'anybody', facts: { uid: 1000, mode: 0o666 }, frozen: 'anybody' },
    { text: 'not read', facts: { kind: 'link' }, frozen: '' },
    { text: 'not read', facts: { kind: 'directory' }, frozen: '' },
  ])('freezes, whatever it is: $frozen', async ({ text, facts, frozen }) => {
    expect(await readHostLimits(hostWith({ [freezePath]: text }, facts))).toMatchObject({ ok: true, value: { frozen } })
  })

  test('that cannot be examined freezes, too', async () => {
    const host = hostWith({})
    const stat: ReadHost['stat'] = async (path) =>
      path === freezePath ? { ok: false, why: 'denied', says: 'permission denied' } : host.stat(path)
    expect(await readHostLimits({ ...host, stat })).toMatchObject({
      value: { frozen: '/etc/fleetmend/freeze cannot be examined: permission denied.' },
    })
  })
})
