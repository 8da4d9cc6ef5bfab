import { problem } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { movedClock } from '../../test/moved-clock.ts'
import { notConnected } from './not-connected.ts'
import { openSessions } from './sessions.ts'

test('of a host that the controller goes to it is said what keeps it from there; of another, where to look', () => {
  const sessions = openSessions(movedClock())
  expect(notConnected(sessions, 'web-7').detail).toContain('web-7 is not connected. On the host:\n')
  sessions.cannotReach('web-7', problem('ssh-refused', 'It knows none of the keys.'))
  expect(notConnected(sessions, 'web-7').detail).toBe(
    'web-7 is not connected (ssh-refused): It knows none of the keys.',
  )
  expect(notConnected(sessions, 'web-8', 'It').detail).toContain('It is not connected. On the host:\n')
  sessions.cannotReach('web-7', null)
  expect(notConnected(sessions, 'web-7').detail).toContain('systemctl status fleetmend-agent')
})
