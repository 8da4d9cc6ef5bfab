import { readZonedWindow } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { roomFor, type FleetRules } from './room.ts'

const run = { id: 'r-20261121-031455-41bd', terms: {} }
const other = 'r-20261121-031455-0001'
const free: FleetRules = { limits: [], closed: [] }
// A Saturday.
const nowMs = Date.parse('2026-11-21T03:15:00Z')

test('where nothing holds anybody back, all begin', () => {
  expect(roomFor(run, ['a', 'b'], [], free, nowMs)).toEqual({ begin: ['a', 'b'], heldBack: [] })
})

test('a host that another run has in change waits behind that run, and the others do not wait with it', () => {
  expect(roomFor(run, ['a', 'b'], [{ host: 'a', run: other, isGivenUp: false }], free, nowMs)).toEqual({
    begin: ['b'],
    heldBack: [{ hosts: ['a'], says: `It is in change by ${other}.`, behind: other }],
  })
})

describe('limits over all runs', () => {
  const web: FleetRules = {
    ...free,
    limits: [{ words: '2 of role=web', members: new Set(['a', 'b', 'c', 'd']), most: 2 }],
  }

  test('count hosts of other runs, and those that begin in the same moment', () => {
    expect(roomFor(run, ['b', 'c', 'x'], [{ host: 'a', run: other, isGivenUp: false }], web, nowMs)).toEqual({
      begin: ['b', 'x'],
      heldBack: [
        {
          hosts: ['c'],
          says: 'At most 2 of role=web may be in change at once over all runs, and 2 are.',
          behind: other,
        },
      ],
    })
  })

  test('are all kept: a host begins only where each of them has room', () => {
    const both = { ...web, limits: [...web.limits, { words: '1 of all hosts', members: null, most: 1 }] }
    expect(roomFor(run, ['a', 'b'], [], both, nowMs)).toMatchObject({
      begin: ['a'],
      heldBack: [{ hosts: ['b'], behind: null }],
    })
  })

  test('count a host that was given up, for it may be at work; to begin that one again is no further host', () => {
    const two = [
      { host: 'a', run: other, isGivenUp: true },
      { host: 'b', run: other, isGivenUp: false },
    ]
    const { begin, heldBack } = roomFor(run, ['a', 'c'], two, web, nowMs)
    expect(begin).toEqual(['a'])
    expect(heldBack).toMatchObject([{ hosts: ['c'], behind: other }])
    expect(heldBack[0]?.says).toContain(`not heard of again: a (${other})`)
  })

  test('do not count hosts that are not meant', () => {
    expect(
      roomFor(
        run,
        ['a', 'b'],
        [
          { host: 'x', run: other, isGivenUp: false },
          { host: 'y', run: other, isGivenUp: false },
        ],
        web,
        nowMs,
      ).begin,
    ).toEqual(['a', 'b'])
  })
})

describe('windows of the run', () => {
  const within = (...texts: readonly string[]) => ({
    ...run,
    terms: { windows: texts.map((text) => readZonedWindow(text)!) },
  })

  test.each([
    ['sat 03:00-04:00 UTC', true],
    ['sat 04:00-05:00 Europe/Berlin', true],
    ['sat 03:00-04:00 Europe/Berlin', false],
    ['fri 22:00-05:00 UTC', true],
    ['sun-fri 00:00-00:00 UTC', false],
  ])('in %j it may begin now: %s', (text, isOpen) => {
    expect(roomFor(within(text), ['a'], [], free, nowMs).begin).toEqual(isOpen ? ['a'] : [])
  })

  test('of several one is enough', () => {
    expect(roomFor(within('mon 03:00-04:00 UTC', 'sat 03:00-04:00 UTC'), ['a'], [], free, nowMs).begin).toEqual(['a'])
  })

  test('say when the next one opens', () => {
    expect(roomFor(within('mon 22:00-23:00 UTC'), ['a'], [], free, nowMs).heldBack).toEqual([
      {
        hosts: ['a'],
        says: 'This run begins hosts only mon 22:00-23:00 UTC, next at 2026-11-23T22:00:00.000Z.',
        behind: null,
      },
    ])
  })
})

test('what is closed for some hosts is closed for those alone, in the words of who closed it', () => {
  const frozen: FleetRules = { ...free, closed: [{ says: 'Christmas', members: new Set(['a']) }] }
  expect(roomFor(run, ['a', 'b'], [], frozen, nowMs)).toEqual({
    begin: ['b'],
    heldBack: [{ hosts: ['a'], says: 'Christmas', behind: null }],
  })
})
