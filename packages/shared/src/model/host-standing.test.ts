import { expect, test } from 'vitest'
import { isToRetry } from './host-standing.ts'
import { RunHostState } from './run-states.ts'

test('what was done, is still to be done or asks for nothing is not to be done again', () => {
  expect(RunHostState.options.filter((state) => !isToRetry({ state }))).toEqual([
    ...['planning', 'planned', 'nothing-to-do', 'waiting', 'away', 'applying', 'lost'],
    ...['fixed', 'cleared-still-failing', 'inconclusive'],
  ])
})
