import { expect, test } from 'vitest'
import { startActs } from './start-service.ts'

const withState = (activeState: string) =>
  startActs({ service: 'php8.2-fpm', unit: { activeState } } as Parameters<typeof startActs>[0]).map(({ act }) => act)

test.each([
  { activeState: 'inactive', acts: ['start'] },
  { activeState: 'failed', acts: ['reset-failed', 'start'] },
  // As a unit with Restart= is between two of its starts: by the time of the apply it may have hit its start limit.
  { activeState: 'activating', acts: ['reset-failed', 'start'] },
])('a service that is $activeState is started by $acts', ({ activeState, acts }) => {
  expect(withState(activeState)).toEqual(acts)
})
