import type { Run, RunHostState } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { sayNext } from './next-command.ts'

const id = 'r-20261121-031455-41bd'
const back = `fleetmend runs rollback ${id}`
const again = `fleetmend runs retry ${id}`

function said(
  states: readonly RunHostState[],
  state: Run['state'] = 'finished',
  followedBy: Parameters<typeof sayNext>[2] = [],
): string {
  const hosts = states.map((each, n) => ({ id: `web-${n}`, state: each }))
  let text = ''
  sayNext({ err: (more) => void (text += more) }, { id, state, hosts } as unknown as Run, followedBy)
  return text
}

test.each<{
  readonly states: readonly RunHostState[]
  readonly state?: Run['state']
  readonly next: readonly string[]
}>([
  { states: ['fixed', 'nothing-to-do'], next: [] },
  { states: ['fixed', 'stale'], next: [again] },
  { states: ['cleared-still-failing'], next: [back] },
  { states: ['fixed', 'rolled-back'], next: [again, back] },
  { states: ['fixed', 'skipped'], state: 'aborted', next: [again, back] },
  { states: ['rolled-back', 'skipped'], state: 'halted', next: [again] },
])('a run with $states: what one would do next', ({ states, state, next }) => {
  const commands = said(states, state)
    .split('\n')
    .filter((line) => line.startsWith('    '))
  expect(commands.map((line) => line.trim())).toEqual(next)
})

test('what is rolled back already is not offered again', () => {
  const by = (state: Run['state']) => [{ run: 'r-20261121-040000-0002', as: 'rollback', state }] as const
  expect(said(['cleared-still-failing'], 'finished', by('finished'))).toBe('')
  expect(said(['cleared-still-failing'], 'finished', by('denied'))).toContain(back)
})
