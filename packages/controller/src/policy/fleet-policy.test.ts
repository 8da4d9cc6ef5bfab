import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HostRecord, Labels } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { readFleetPolicy, rulesNow } from './fleet-policy.ts'
import { fleetRules } from './fleet-rules.ts'

const host = (id: string, labels: Labels): HostRecord => ({ id, labels }) as unknown as HostRecord
const hosts = [
  ...Array.from({ length: 20 }, (_, n) => host(`web-${n}`, { role: 'web', env: 'prod', zone: n < 7 ? 'a' : 'b' })),
  host('db-1', { role: 'db', env: 'prod' }),
  host('db-2', { role: 'db', env: 'staging' }),
]
// A Saturday.
const now = '2026-11-21T12:00:00Z'

function rules(text: string, at = now) {
  const read = readFleetPolicy(text)
  if (!read.ok) throw new Error(read.says)
  return rulesNow(read.value, hosts, Date.parse(at))
}

test('nothing but comments holds nobody back', () => {
  expect(rules('# mine\n\n   # at-most 1 of all\n')).toEqual({ limits: [], closed: [] })
})

test.each([
  ['at-most 3 of role=web', 20, 3],
  ['at-most 10% of role=web', 20, 2],
  ['at-most 10% of role=web,zone=a', 7, 1],
  ['at-most 10% of role in (web, db),env=prod', 21, 3],
  ['at-most 50% of role=cache', 0, 1],
])('%s: of %i hosts, %i at once', (text, members, most) => {
  const [limit] = rules(text).limits
  expect({ members: limit?.members?.size, most: limit?.most }).toEqual({ members, most })
})

test('of all hosts counts every host, also those that come later', () => {
  expect(rules('at-most 10% of all').limits).toEqual([{ words: '10% of all hosts', members: null, most: 3 }])
})

describe('windows', () => {
  const policy = 'open sat 22:00-23:00 Europe/Berlin for role=web\nopen sat 11:00-13:00 UTC for zone=a\n'

  test('close hosts for which none is open; one that is open is enough, and others are not meant', () => {
    const closed = rules(policy).closed
    expect(closed).toHaveLength(1)
    expect([...(closed[0]?.members ?? [])]).toEqual(hosts.slice(7, 20).map(({ id }) => id))
    expect(closed[0]?.says).toBe(
      'Such hosts are begun only sat 22:00-23:00 Europe/Berlin, next at 2026-11-21T21:00:00.000Z.',
    )
  })

  test('say when the first of several opens', () => {
    const says = rules(policy, '2026-11-21T13:30:00Z').closed.map((each) => each.says)
    expect(says[0]).toContain('sat 22:00-23:00 Europe/Berlin or sat 11:00-13:00 UTC, next at 2026-11-21T21:00:00.000Z')
  })
})

describe('a freeze', () => {
  const policy = 'frozen 2026-12-24T18:00 to 2027-01-02T06:00 Europe/Berlin for env=prod: Christmas\n'

  test.each([
    ['2026-12-24T16:59:59Z', 0],
    ['2026-12-24T17:00:00Z', 21],
    ['2027-01-02T04:59:59Z', 21],
    ['2027-01-02T05:00:00Z', 0],
  ])('at %s holds back %i hosts', (at, count) => {
    const closed = rules(policy, at).closed
    expect(closed.flatMap(({ members }) => [...(members ?? [])])).toHaveLength(count)
  })

  test('says why, and until when', () => {
    expect(rules(policy, '2026-12-25T00:00:00Z').closed[0]?.says).toBe(
      'Nothing is begun on such hosts from 2026-12-24T18:00 to 2027-01-02T06:00 (Europe/Berlin): Christmas',
    )
  })

  // Clocks in Berlin go back at 01:00Z on 2026-10-25, so that 02:30 is at 00:30Z and again at 01:30Z.
  test.each([
    ['frozen 2026-10-25T00:00 to 2026-10-25T02:30 Europe/Berlin for all', '2026-10-25T01:29:00Z', 1],
    ['frozen 2026-10-25T00:00 to 2026-10-25T02:30 Europe/Berlin for all', '2026-10-25T01:30:00Z', 0],
    ['frozen 2026-10-25T02:30 to 2026-10-26T00:00 Europe/Berlin for all', '2026-10-25T00:30:00Z', 1],
    ['frozen 2026-03-29T02:30 to 2026-03-29T08:00 Europe/Berlin for all', '2026-03-29T01:30:00Z', 1],
  ])('%s, at %s: %i', (text, at, count) => expect(rules(text, at).closed).toHaveLength(count))
})

test.each([
  ['at-most 0 of all', 'no number of hosts'],
  ['at-most 120% of all', 'no number of hosts'],
  ['at-most 1 of role=a b', 'is not a requirement'],
  ['open mon 9:00-10:00 UTC for all', 'is no window'],
  ['open mon 09:00-10:00 Nowhere/City for all', 'is no window'],
  ['frozen 2026-12-24 to 2026-12-25 UTC for all', 'is no rule'],
  ['frozen 2026-12-24T18:00 to 2026-12-24T17:00 UTC for all', 'before it begins'],
  ['frozen 2026-13-24T18:00 to 2026-12-24T17:00 UTC for all', 'no times of a place'],
  ['allow everything', 'is no rule'],
])('%j is refused, with its line', (rule, says) => {
  const read = readFleetPolicy(`# first\n${rule}\n`)
  expect(read).toMatchObject({ ok: false, line: 2, says: expect.stringContaining(says) })
})

describe('as a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-policy-'))
  const path = join(folder, 'fleet-policy')
  const read = () => fleetRules(path, () => Promise.resolve(hosts), Date.parse(now))

  test('that is not there holds nobody back; one that cannot be kept lets nobody begin', async () => {
    expect(await read()).toEqual({ limits: [], closed: [] })
    writeFileSync(path, 'at-most 2 of role=web\n')
    expect((await read()).limits).toMatchObject([{ most: 2 }])
    writeFileSync(path, 'at-most many of role=web\n')
    expect((await read()).closed).toEqual([{ says: expect.stringContaining(`${path}:1:`), members: null }])
    rmSync(folder, { recursive: true })
  })
})
