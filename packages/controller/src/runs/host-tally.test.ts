import { RunHostState, type Run, type RunHost } from '@fleetmend/shared'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applying } from '../../test/sample-run.ts'
import { hostOf, hostsOfWave, tallyOf, withHosts } from './host-tally.ts'

const { run } = applying({
  changes: Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((host, n) => [host, n < 4 ? 'raise' : 'lower'])),
})

/** What a host of it may become: any state, of any wave or none, with or without a plan. */
const someHost = fc.record({
  at: fc.nat({ max: run.hosts.length - 1 }),
  state: fc.constantFrom(...RunHostState.options),
  wave: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
  isPlanned: fc.boolean(),
})

describe('what is counted on from change to change', () => {
  test('is what a count of the whole list gives', () => {
    fc.assert(
      fc.property(fc.array(fc.array(someHost, { maxLength: 3 }), { maxLength: 12 }), (changes) => {
        let now = uncounted(run)
        tallyOf(now)
        for (const change of changes) {
          const hosts = change.map(({ at, state, wave, isPlanned }): RunHost => {
            const { wave: _, ...host } = now.hosts[at] ?? run.hosts[0]!
            return { ...host, state, plan: isPlanned ? host.plan : null, ...(wave === undefined ? {} : { wave }) }
          })
          now = withHosts(now, hosts)
          expect(tallyOf(now)).toEqual(tallyOf(uncounted(now)))
        }
      }),
    )
  })

  test('is right of the run before as well, whoever asks once more', () => {
    const before = uncounted(run)
    const counted = structuredClone(tallyOf(before))
    const after = withHosts(before, [{ ...before.hosts[0]!, state: 'fixed' }])
    expect(tallyOf(after).standing.done).toBe(counted.standing.done + 1)
    expect(tallyOf(before)).toEqual(counted)
  })
})

test('hosts are found by name, those of a wave in the order of their names', () => {
  expect(run.hosts.map(({ id }) => hostOf(run, id))).toEqual(run.hosts)
  expect(['', 'aa', 'z'].map((id) => hostOf(run, id))).toEqual([null, null, null])
  const waved = withHosts(
    run,
    run.hosts.toReversed().map((host) => ({ ...host, wave: 2 })),
  )
  const [group] = run.groups
  expect(hostsOfWave(waved, group!, 2).map(({ id }) => id)).toEqual(group!.hosts)
})

/** The same, of which nothing was counted before. */
function uncounted(known: Run): Run {
  return { ...known, hosts: [...known.hosts] }
}
