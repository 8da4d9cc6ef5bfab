/** Start PHP-FPM or nginx that is down, after its configuration passed; never one that a person wants down, unless told. */
import * as z from 'zod/mini'
import type { Act, Plan } from '@fleetmend/shared'
import { stopStory, type StopStory, type Stoppable } from '../judgement/stop-story.ts'
import { isDisabled, wantedDown } from '../judgement/wanted-down.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { defineRemediation, type Drafted } from './define.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import { refused } from './service-input.ts'
import {
  findStarted,
  refusedConfig,
  startedServiceInput,
  startStoppedInput,
  unitBasis,
  type StartedService,
} from './started-service.ts'

export const startService = defineRemediation({
  id: 'start-service',
  title: 'Start PHP-FPM or nginx',
  meaning:
    'Tests the configuration, clears a failed state so that the start limit does not refuse, and starts the unit. A ' +
    'socket file left behind by a killed master is no obstacle and is not touched. What an operator stopped, and what is ' +
    'disabled and never ran, is started only with --start-stopped, because somebody wants it down; the refusal says who ' +
    'and when. What is masked stays down: see unmask-service.',
  disturbs: 'Nothing: the service is down.',
  undone: 'Nothing to undo: no file is changed. To have it down again, stop it: `systemctl stop`.',
  clears: ['fpm-stopped', 'fpm-crashed', 'fpm-start-limit-hit', 'fpm-oom-stopped', 'nginx-stopped'],
  byHand: '`systemctl reset-failed php8.2-fpm`, then `systemctl start php8.2-fpm`.',
  input: z.strictObject({ service: startedServiceInput, startStopped: startStoppedInput }),

  draft(facts, { service, startStopped }) {
    const found = findStarted(facts, service)
    if (!found.ok) return found.refused
    const story = stopStory(found.value)
    if (story.how === 'up') return { kind: 'nothing-to-do', because: `${service} is running.` }
    const wanted = wantedDown(facts, found.value)
    if (wanted?.how === 'masked')
      return refused(
        `${service} ${wanted.says}, so that nothing can start it.`,
        `If that is over: \`fleetmend-agent plan unmask-service --input service=${service} --start-stopped\`.`,
      )
    if (wanted && !startStopped)
      return refused(
        `${service} ${wanted.says}. What a person wants down is not started without a word.`,
        `If it should run: \`fleetmend-agent plan start-service --input service=${service} --start-stopped\`.`,
      )
    return refusedConfig(found.value) ?? draftStart(found.value, story)
  },
})

function draftStart(started: StartedService, story: Exclude<StopStory, { how: 'up' }>): Drafted {
  const { service, check } = started
  return {
    kind: 'draft',
    because: story.how === 'crashed' ? `${service} ${story.says} and is down.` : `${service} is down.`,
    arithmetic: [],
    edits: [],
    checks: [check],
    acts: startActs(started),
    clears: clearsOf(started, story),
    disturbs: [],
    warnings: isDisabled(started)
      ? [`${service} is disabled: after the next boot it is down again. See enable-service.`]
      : [],
    basis: [unitBasis(started)],
    guards: [],
    forecast: [],
  }
}

/**
 * A start limit that was hit refuses every start until the failed state is cleared. Where systemd still tries, it may have hit
 * it by the time of the apply.
 */
export function startActs({ service, unit }: Pick<StartedService, 'service' | 'unit'>): readonly Act[] {
  return [
    ...(unit.activeState === 'inactive' ? [] : [{ act: 'reset-failed', service } as const]),
    { act: 'start', service },
  ]
}

/** What a person wanted down is not started (DESIGN D11); its files are put back all the same. */
export function startWithFiles(
  facts: HostFacts,
  service: Stoppable,
): { readonly acts: readonly Act[]; readonly warnings: readonly string[] } {
  const { service: name } = service
  const wanted = wantedDown(facts, service)
  if (wanted !== null) return { acts: [], warnings: [`${name} ${wanted.says}, so that it stays down.`] }
  return { acts: startActs(service), warnings: [] }
}

function clearsOf({ service, unit }: StartedService, { how }: StopStory): Plan['clears'] {
  const subject = { kind: 'service', name: service } as const
  if (service === nginxUnit) return [{ diagnosis: 'nginx-stopped', subject }]
  if (how !== 'crashed') return [{ diagnosis: 'fpm-stopped', subject }]
  const besides = { 'oom-kill': 'fpm-oom-stopped', 'start-limit-hit': 'fpm-start-limit-hit' }[unit.result]
  return ['fpm-crashed', ...(besides === undefined ? [] : [besides])].map((diagnosis) => ({ diagnosis, subject }))
}
