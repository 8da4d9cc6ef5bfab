import type { Run } from '@fleetmend/shared'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { possibleEvents } from '../../test/possible-events.ts'
import { applying, sampleChanges } from '../../test/sample-run.ts'
import { gateOf, gatesOf, passesAsCanary } from './gates.ts'
import { groupTallyOf } from './host-tally.ts'
import { transition } from './transition.ts'
import { calledHosts, canariesOf, changedInLastWave, isCalledIn } from './waves.ts'

const hosts = ['a', 'b', 'c', 'd', 'e', 'f']

test('the gates that are kept from event to event are those of the run, whatever happens to it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...sampleChanges), { minLength: hosts.length, maxLength: hosts.length }),
      fc.record({
        canaryHosts: fc.constantFrom(0, 1, 2),
        batchHosts: fc.constantFrom(1, 2),
        between: fc.constantFrom(undefined, 'promote' as const, { wellForMs: 60_000 }),
      }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.nat(), { maxLength: 60 }),
      (wanted, { between, ...sizes }, groupsAtOnce, picks) => {
        const changes = Object.fromEntries(hosts.map((host, n) => [host, wanted[n] ?? 'raise']))
        const waves = { ...sizes, ...(between === undefined ? {} : { between }) }
        const limits = { stopAtFailures: 4, groupsAtOnce, approvalsNeeded: 1 }
        let { run } = applying({ changes, waves, limits })
        for (const pick of picks) {
          const steps = possibleEvents(run, changes).flatMap((event) => {
            const step = transition(run, event)
            return step.ok ? [step] : []
          })
          const step = steps[pick % Math.max(steps.length, 1)]
          if (!step) break
          run = step.run
          expect(gatesOf(run)).toEqual(gatesOf(uncounted(run)))
          expect(gatesOf(run)).toMatchObject(placesIn(run))
          expect(run.hosts.filter(({ id }) => isCalledIn(run, id)).map(({ id }) => id)).toEqual(calledHosts(run))
        }
      },
    ),
    { numRuns: 150 },
  )
})

/** As one finds them who looks at every group and every host of it. */
function placesIn(run: Run): object {
  const where = (is: (gate: ReturnType<typeof gateOf>) => boolean): readonly number[] =>
    run.groups.flatMap((group, place) => (is(gateOf(run, group)) ? [place] : []))
  for (const group of run.groups) {
    const { canaries, waves, lastWave } = groupTallyOf(run, group)
    const known = canariesOf(run, group)
    expect(canaries.all).toBe(known.length)
    expect(known.every((host) => passesAsCanary(host, group))).toBe(
      canaries.passed + canaries.stillFailing === canaries.all,
    )
    expect(waves.get(lastWave)?.done ?? 0).toBe(changedInLastWave(run, group).length)
  }
  return {
    open: where((gate) => gate === 'open'),
    held: where((gate) => gate === 'held'),
    watched: where((gate) => gate === 'watched'),
  }
}

/** The same, of which nothing was counted before. */
function uncounted(run: Run): Run {
  return { ...run, hosts: [...run.hosts], groups: [...run.groups] }
}
