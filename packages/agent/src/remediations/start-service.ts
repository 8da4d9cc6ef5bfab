/** Start a PHP-FPM service that is down, after its configuration passed; never one that a person stopped, unless told. */
import * as z from 'zod/mini'
import type { Act } from '@fleetmend/shared'
import { stopStory } from '../judgement/stop-story.ts'
import { instantOf } from '../judgement/instant.ts'
import { defineRemediation } from './define.ts'
import { findManaged, refused, serviceInput } from './service-input.ts'

export const startService = defineRemediation({
  id: 'start-service',
  title: 'Start PHP-FPM',
  meaning:
    'Tests the configuration, clears a failed state so that the start limit does not refuse, and starts the unit. A ' +
    'socket file left behind by a killed master is no obstacle and is not touched. A unit that an operator stopped is ' +
    'started only with startStopped=true, because somebody wanted it down.',
  clears: ['fpm-stopped', 'fpm-crashed'],
  byHand: '`systemctl reset-failed php8.2-fpm`, then `systemctl start php8.2-fpm`.',
  input: z.strictObject({
    service: serviceInput,
    startStopped: z._default(
      z.boolean().check(z.describe('Start it even though somebody stopped it on purpose.')),
      false,
    ),
  }),

  draft(facts, { service, startStopped }) {
    const found = findManaged(facts, service)
    if (!found.ok) return found.refused
    const { unit, configTest, binary } = found.value
    const story = stopStory(found.value)
    if (story.how === 'up') return { kind: 'nothing-to-do', because: `${service} is running.` }
    if (unit.loadState === 'masked') {
      return refused(
        `${service} is masked: somebody made sure that it cannot start.`,
        `If that is over: \`systemctl unmask ${service}\`, then plan again.`,
      )
    }
    if (story.how === 'stopped-on-purpose' && !startStopped) {
      const when = story.atMs === null ? '' : ` at ${instantOf(story.atMs)}`
      return refused(
        `${service} was stopped through systemctl${when}. What a person stopped is not started without a word.`,
        `If it should run: \`fleetmend-agent plan start-service --input service=${service} --start-stopped\`.`,
      )
    }
    if (configTest.ok && !configTest.value.passes) {
      return refused(
        `${service} cannot start: FPM refuses its configuration (exit code ${configTest.value.exitCode}).`,
        `See what it says: \`${binary} -t\`.`,
      )
    }
    const failed = unit.activeState === 'failed'
    const acts: Act[] = [...(failed ? [{ act: 'reset-failed', service } as const] : []), { act: 'start', service }]
    return {
      kind: 'draft',
      because: story.how === 'crashed' ? `${service} ${story.says} and is down.` : `${service} is down.`,
      arithmetic: [],
      edits: [],
      checks: [{ when: 'planned', check: 'fpm-config', service }],
      acts,
      clears: [
        {
          diagnosis: story.how === 'crashed' ? 'fpm-crashed' : 'fpm-stopped',
          subject: { kind: 'service', name: service },
        },
      ],
      disturbs: [],
      warnings: [],
      basis: [
        {
          of: 'unit',
          service,
          activeState: unit.activeState,
          unitFileState: unit.unitFileState,
          loadState: unit.loadState,
        },
      ],
      guards: [],
      forecast: [],
    }
  },
})
