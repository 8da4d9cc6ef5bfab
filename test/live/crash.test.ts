/** A small part of `npm run crash`: one remediation before each of its deeds on the host, and at five random moments. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openLab, type Lab } from '../lab/lab.ts'
import { crashCases } from './crash/crash-cases.ts'
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
    const tunePool = crashCases.find(({ remediation }) => remediation === 'tune-pool')
    if (tunePool === undefined) throw new Error('There is no case of tune-pool.')
    const rows: CrashRow[] = []
    for await (const row of walk(host, tunePool, { fromTheStart: false, randomKills: 5, powerCuts: 0 })) rows.push(row)
    expect(rows.filter(({ complaints }) => complaints.length > 0)).toEqual([])
    expect(rows.filter(({ how }) => how === 'moment')).toHaveLength(5)
    // Both sides are met, or nothing was cut off in the middle.
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['rolled-back', 'fixed', ...outcomes(rows)]))
  })
})

function outcomes(rows: readonly CrashRow[]): readonly string[] {
  return rows.some(({ outcome }) => outcome === 'refused') ? ['refused'] : []
}
