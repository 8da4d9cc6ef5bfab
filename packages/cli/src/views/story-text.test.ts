import { plainPaint, type RunStoryEvent } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { storyText } from './story-text.ts'

const digest = `sha256:${'0'.repeat(64)}` as const

function event(second: number, type: string, says: string, more: Partial<RunStoryEvent> = {}): RunStoryEvent {
  const at = `2026-11-21T03:15:${String(second).padStart(2, '0')}.000Z`
  const place = { sequence: second + 1, run: 'r-20261121-031455-41bd', previous: null, hash: digest }
  return { ...place, at, type, host: null, by: null, says, hosts: [], ...more }
}

test('what people did stands by itself; what hosts told the same stands once, in order, with its evidence', () => {
  const hosts = Array.from({ length: 9 }, (_, index) => `web-${index + 1}`)
  const story = [
    event(0, 'started', 'Asked 9 hosts for a plan: 502', { by: 'ana' }),
    ...hosts.map((host, index) =>
      event(1 + index, 'host-planned', index === 4 ? 'Would start-service.' : 'Would reload-fpm.', { host }),
    ),
    event(20, 'approved', 'Approved with SHA256:x.', { by: 'ben' }),
    event(21, 'hosts-begun', 'Began on web-1.', { hosts: ['web-1'] }),
    event(22, 'host-applied', 'not-fixed: Still 502.\nGET / answered 502\u001B[2J', { host: 'web-1' }),
    event(23, 'hosts-begun', 'Began on web-2.', { hosts: ['web-2'] }),
    event(24, 'paused', 'Paused: look first', { by: 'ana' }),
    event(25, 'host-applied', 'fixed: All is well.', { host: 'web-2' }),
  ]
  expect(storyText(story, plainPaint)).toBe(
    [
      '  03:15:00           Asked 9 hosts for a plan: 502 (ana)',
      '  03:15:01–03:15:09  web-[1-4,6-9]  Would reload-fpm.',
      '  03:15:05           web-5  Would start-service.',
      '  03:15:20           Approved with SHA256:x. (ben)',
      '  03:15:21–03:15:23  web-1, web-2  Began.',
      '  03:15:22           web-1  not-fixed: Still 502.',
      '                     GET / answered 502\\u{1b}[2J',
      '  03:15:24           Paused: look first (ana)',
      '  03:15:25           web-2  fixed: All is well.',
      '',
    ].join('\n'),
  )
})
