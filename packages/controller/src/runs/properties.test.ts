/** Laws of the engine, whatever happens in whatever order. */
import { hasEnded, Run } from '@fleetmend/shared'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { possibleEvents } from '../../test/possible-events.ts'
import { brokenInState, brokenInStep } from '../../test/run-invariants.ts'
import { applying, at, planned, play, sampleChanges, startedWith } from '../../test/sample-run.ts'
import { replay } from './replay.ts'
import { RunEvent } from './run-event.ts'
import { begin, transition } from './transition.ts'

const hosts = ['a', 'b', 'c', 'd', 'e'] as const
const changesOfHosts = fc.record({
  a: fc.constantFrom(...sampleChanges),
  b: fc.constantFrom(...sampleChanges),
  c: fc.constantFrom(...sampleChanges),
  d: fc.constantFrom(...sampleChanges),
  e: fc.constantFrom(...sampleChanges),
})
const terms = fc.record({
  waves: fc.record(
    {
      canaryHosts: fc.constantFrom(0, 1, 2, 3, '20%' as const, '100%' as const),
      batchHosts: fc.constantFrom(1, 2, 3, '40%' as const),
      ramp: fc.constantFrom<(1 | '20%')[]>([1], ['20%', 1]),
      between: fc.constantFrom('promote' as const, { wellForMs: 60_000 }),
    },
    { requiredKeys: ['canaryHosts', 'batchHosts'] },
  ),
  canaries: fc.subarray([...hosts]),
  terms: fc.constantFrom({}, { awaitHostsUntil: '2026-11-21T05:00:00.000Z' }),
  limits: fc.record({
    stopAtFailures: fc.integer({ min: 1, max: 4 }),
    groupsAtOnce: fc.integer({ min: 1, max: 3 }),
    hostsAtOnce: fc.integer({ min: 1, max: 6 }),
    approvalsNeeded: fc.integer({ min: 1, max: 2 }),
  }),
})
/** Which of the events that are possible at that moment happens next. */
const choices = fc.array(fc.nat(), { maxLength: 60 })

/** Everything that could happen, with what fits the run, so that random walks get far. */
function happen(first: Run, changes: Readonly<Record<string, string>>, picks: readonly number[]) {
  let run = first
  const taken: RunEvent[] = []
  const broken: string[] = [...brokenInState(run)]
  for (const pick of picks) {
    const fitting = possibleEvents(run, changes).flatMap((event) => {
      const step = transition(run, event)
      return step.ok ? [{ event, step }] : []
    })
    const chosen = fitting[pick % Math.max(1, fitting.length)]
    if (!chosen) break
    broken.push(
      ...brokenInStep(run, chosen.event, chosen.step.run, chosen.step.commands),
      ...brokenInState(chosen.step.run),
    )
    taken.push(chosen.event)
    run = chosen.step.run
  }
  return { run, taken, broken }
}

test('no order of events breaks a rule, from the first question to the last answer', () => {
  fc.assert(
    fc.property(changesOfHosts, terms, choices, (changes, terms, picks) => {
      const started = startedWith(hosts, terms)
      expect(happen(begin(started).run, changes, picks).broken).toEqual([])
      expect(
        happen(applying({ changes, ...terms, limits: { ...terms.limits, approvalsNeeded: 1 } }).run, changes, picks)
          .broken,
      ).toEqual([])
    }),
    { numRuns: 150 },
  )
})

test('the same events give the same run, also when they and the run were written down and read again', () => {
  fc.assert(
    fc.property(changesOfHosts, terms, choices, (changes, terms, picks) => {
      const started = startedWith(hosts, terms)
      const { run, taken } = happen(begin(started).run, changes, picks)
      const written = [started, ...taken].map((event) => RunEvent.parse(JSON.parse(JSON.stringify(event))))
      expect(replay(written)).toEqual(run)
      expect(Run.parse(JSON.parse(JSON.stringify(run)))).toEqual(run)
    }),
    { numRuns: 150 },
  )
})

test('the order in which hosts answer does not decide how they are grouped', () => {
  fc.assert(
    fc.property(changesOfHosts, fc.shuffledSubarray([...hosts], { minLength: hosts.length }), (changes, order) => {
      const started = begin(startedWith(hosts)).run
      const answered = (ids: readonly (typeof hosts)[number][]) =>
        play(
          started,
          ids.map((id) => planned(id, changes[id])),
        ).run
      expect(answered(order)).toEqual(answered(hosts))
    }),
    { numRuns: 50 },
  )
})

test('when every host that was begun has its outcome and nobody waits for a person, the run is over', () => {
  fc.assert(
    fc.property(
      changesOfHosts,
      terms,
      fc.array(fc.constantFrom('fixed', 'rolled-back', 'stuck', 'not-fixed'), { minLength: 5, maxLength: 5 }),
      (changes, terms, outcomes) => {
        const { between: _, ...waves } = terms.waves
        let { run } = applying({ changes, ...terms, waves, limits: { ...terms.limits, approvalsNeeded: 1 } })
        for (let turn = 0; turn < hosts.length && !hasEnded(run.state); turn++) {
          const atWork = possibleEvents(run, changes).find(
            (event) =>
              event.type === 'host-applied' && event.report.outcome === outcomes[turn] && transition(run, event).ok,
          )
          expect(atWork).toBeDefined()
          run = play(run, [atWork!]).run
        }
        expect(run).toMatchObject({ endedAt: at, state: expect.stringMatching(/^(finished|halted)$/) })
      },
    ),
    { numRuns: 150 },
  )
})
