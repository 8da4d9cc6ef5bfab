import { digestOf, type RunTerms } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { at, atMs, planned, planOf, play, startedWith } from '../../test/sample-run.ts'
import { manifestOf } from './manifest-of.ts'
import type { RunEvent } from './run-event.ts'
import { begin } from './transition.ts'

test('an approval holds no longer than the first plan to end, and plans that have ended are not put up for one', () => {
  const { plan } = planOf('web-1')
  const expiresAt = '2026-11-21T03:25:02.000Z'
  const short: RunEvent = {
    type: 'host-planned',
    at,
    host: 'web-1',
    record: { digest: digestOf({ ...plan, expiresAt }), plan: { ...plan, expiresAt }, forecast: [] },
  }
  const { run } = play(begin(startedWith(['web-1', 'web-2'])).run, [short, planned('web-2')])
  expect(manifestOf(run, atMs)?.notAfter).toBe(expiresAt)
  expect(manifestOf(run, Date.parse(expiresAt))).toBeNull()
  expect(play(run, [{ type: 'expired', at }]).run).toMatchObject({ state: 'expired', endedAt: at })
})

const lives: readonly { readonly what: string; readonly rest: RunTerms; readonly notAfter: string }[] = [
  { what: 'an hour where it can begin at once', rest: {}, notAfter: '2026-11-21T04:15:02.000Z' },
  {
    what: 'as long as the plans where it waits for a window',
    rest: { windows: [{ days: ['sun'], from: '22:00', to: '05:00', zone: 'UTC' }] },
    notAfter: '2026-11-22T03:15:02.000Z',
  },
  {
    what: 'as long as the plans where it waits for hosts',
    rest: { awaitHostsUntil: '2026-11-21T09:00:00.000Z' },
    notAfter: '2026-11-22T03:15:02.000Z',
  },
  {
    what: 'until its deadline',
    rest: { deadline: '2026-11-21T09:00:00.000Z' },
    notAfter: '2026-11-21T09:00:00.000Z',
  },
]
test.each(lives)('an approval holds $what', ({ rest, notAfter }) => {
  const { plan } = planOf('web-1')
  const lasting = { ...plan, expiresAt: '2026-11-22T03:15:02.000Z' }
  const made: RunEvent = {
    type: 'host-planned',
    at,
    host: 'web-1',
    record: { digest: digestOf(lasting), plan: lasting, forecast: [] },
  }
  const { run } = play(begin(startedWith(['web-1'], { terms: rest })).run, [made])
  expect(manifestOf(run, Date.parse('2026-11-21T03:15:02.000Z'))?.notAfter).toBe(notAfter)
})
