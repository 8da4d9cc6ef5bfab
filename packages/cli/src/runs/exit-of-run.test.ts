import { RunHostState, type RunView } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { exitOfRun } from './exit-of-run.ts'

function view(states: readonly RunHostState[], state: RunView['run']['state'] = 'finished') {
  const hosts = states.map((each, index) => ({ id: `web-${index + 1}`, state: each }))
  return { run: { state, hosts }, reports: [] } as unknown as Pick<RunView, 'run' | 'reports'>
}

test.each<[readonly RunHostState[], number]>([
  [['fixed', 'nothing-to-do'], 0],
  [['planned', 'nothing-to-do'], 2],
  [['planned', 'plan-refused'], 3],
  [['planned', 'unreachable'], 5],
  [['fixed', 'inconclusive'], 0],
  [['rolled-back', 'skipped'], 6],
  [['rolled-back', 'not-fixed'], 4],
  [['fixed', 'stale'], 3],
  [['fixed', 'timed-out'], 5],
  [['unknown'], 4],
  [[], 0],
])('%j → %i', (states, exit) => expect(exitOfRun(view(states))).toBe(exit))

test('every state of a host means something', () => {
  for (const state of RunHostState.options) expect(exitOfRun(view([state])), state).toBeTypeOf('number')
})

test('a run that a person ended, or that came too late, did not do what was asked', () => {
  expect(exitOfRun(view(['skipped'], 'aborted'))).toBe(3)
  expect(exitOfRun(view(['skipped'], 'expired'))).toBe(3)
  expect(exitOfRun(view(['skipped'], 'denied'))).toBe(3)
})
