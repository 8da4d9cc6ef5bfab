/** A small part of `npm run crash`: one remediation before some of its deeds on the host, and at random moments. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openLab, type Lab } from '../lab/lab.ts'
import { firstCase } from './crash/crash-cases.ts'
import { bootCrashHost } from './crash/crash-host.ts'
import { walk } from './crash/walk.ts'
import type { CrashRow } from './crash/whole.ts'
import type { Host } from './faults/host-kit.ts'

describe.skipIf(await hostsAreImpossible())('a real Debian 12 host', () => {
  let lab: Lab
  let host: Host

  beforeAll(async () => {
    lab = await openLab()
    host = await bootCrashHost(lab, 'crash')
  })
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]()
  })

  test('is whole by itself, wherever an apply of tune-pool is killed', async () => {
    const rows: CrashRow[] = []
    for await (const row of walk(host, firstCase, { fromTheStart: false, kills: 16, randomKills: 3, powerCuts: 0 }))
      rows.push(row)
    expect(rows.filter(({ complaints }) => complaints.length > 0)).toEqual([])
    expect(rows.filter(({ how }) => how === 'moment')).toHaveLength(3)
    // Both sides are met, or nothing was cut off in the middle.
    expect(rows.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(['rolled-back', 'fixed']))
  }, 400_000)
})
