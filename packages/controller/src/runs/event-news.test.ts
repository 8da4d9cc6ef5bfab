import { digestOf, type Run, type RunHostNews } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { toldRun } from '../../test/told-run.ts'
import { eventNews } from './event-news.ts'

test('whoever counts along with the news knows of each host what the run knows, at any time', () => {
  const known = new Map<string, RunHostNews>()
  for (const { news, run } of toldRun(12, { fails: (index) => (index === 5 ? 'rolled-back' : null) })) {
    if (news.news !== 'event') continue
    for (const host of news.hosts) known.set(host.id, host)
    expect([...known.values()].map(({ id, state, group, wave }) => [id, state, group, wave])).toEqual(
      run.hosts.map(({ id, state, group, wave }) => [id, state, group, wave]),
    )
  }
  expect(Map.groupBy(known.values(), ({ state }) => state).get('fixed')).toHaveLength(11)
  expect([...known.values()].at(0)?.traffic).toEqual({ requests: 1000, serverErrors: 2, serverErrorShareBefore: 0.12 })
})

test('it is told what the run waits for, with names while they are few', () => {
  const { run } = [...toldRun(9)][0]!
  const held = (hosts: readonly string[]): Run => ({
    ...{ ...run, state: 'waiting' },
    heldBack: [{ hosts: [...hosts], says: 'Its window is not open.', behind: null }],
  })
  const recorded = { sequence: 1, run: run.id, revision: 1, at: run.startedAt, previous: null, hash: digestOf(1) }
  const told = (of: Run) =>
    eventNews({ format: 'fleetmend.event/1', ...recorded, event: { type: 'expired', at: run.startedAt } }, null, of)
      .waitsFor
  expect(told(held(['web-1', 'web-2']))).toEqual(['web-1, web-2: Its window is not open.'])
  expect(told(held(run.hosts.map(({ id }) => id)))).toEqual(['9 hosts: Its window is not open.'])
  expect(told({ ...held(['web-1']), state: 'finished' })).toEqual([])
})

test('an event of one host names that one alone', () => {
  const sizes = toldRun(40)
    .filter(({ news }) => news.news === 'event' && news.event.type === 'host-applied')
    // The last of a wave calls the next ones.
    .map(({ news }) => (news.news === 'event' ? news.hosts.filter(({ state }) => state !== 'waiting').length : 0))
  expect(new Set(sizes)).toEqual(new Set([1]))
})
