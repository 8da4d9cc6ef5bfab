/** Have systemd start PHP-FPM or nginx at boot. Somebody disabled it once, so that it takes a person's word. */
import * as z from 'zod/mini'
import { isDisabled } from '../judgement/wanted-down.ts'
import { stopStory } from '../judgement/stop-story.ts'
import { defineRemediation, type Drafted } from './define.ts'
import { refused } from './service-input.ts'
import { startActs } from './start-service.ts'
import {
  findStarted,
  refusedConfig,
  startedServiceInput,
  startStoppedInput,
  unitBasis,
  type StartedService,
} from './started-service.ts'

export const enableService = defineRemediation({
  id: 'enable-service',
  title: 'Have a service started at boot',
  meaning:
    'Enables the unit, as `systemctl enable` does. One that the last boot left down for want of that is started too, after ' +
    'its configuration passed. No package disables a unit that sites need: somebody did, so that it takes ' +
    '--start-stopped. One that a person stopped since is left down; start-service is for that.',
  disturbs: 'Nothing.',
  undone:
    'The unit is disabled again. What was started with it runs on: a rollback leaves what was down as it finds it.',
  clears: ['fpm-disabled'],
  byHand: '`systemctl enable php8.2-fpm`, with `--now` to start it as well.',
  input: z.strictObject({ service: startedServiceInput, startStopped: startStoppedInput }),

  draft(facts, { service, startStopped }) {
    const found = findStarted(facts, service)
    if (!found.ok) return found.refused
    const { unit } = found.value
    if (unit.unitFileState.startsWith('enabled'))
      return { kind: 'nothing-to-do', because: `${service} is enabled: systemd starts it at boot.` }
    if (unit.loadState.startsWith('masked'))
      return refused(
        `${service} is masked, which keeps it down whether it is enabled or not.`,
        `If that is over: \`fleetmend-agent plan unmask-service --input service=${service} --start-stopped\`.`,
      )
    if (!isDisabled(found.value))
      return refused(
        `${service} is not disabled: its unit file is ${unit.unitFileState || 'not known'}${unit.startedBy.length > 0 ? `, and ${unit.startedBy.join(', ')} starts it` : ''}.`,
        `See \`systemctl cat ${service}\`: a unit without an [Install] section is started by whoever wants it.`,
      )
    if (!startStopped)
      return refused(
        `${service} was disabled, which somebody did; when is not kept. What a person wants down is not brought back without a word.`,
        `If it should run at every boot: \`fleetmend-agent plan enable-service --input service=${service} --start-stopped\`.`,
      )
    const isLeftDown = stopStory(found.value).how === 'never-started'
    return (isLeftDown ? refusedConfig(found.value) : null) ?? draftEnable(found.value, isLeftDown)
  },
})

function draftEnable(started: StartedService, isLeftDown: boolean): Drafted {
  const { service, check, isUp } = started
  return {
    kind: 'draft',
    because: isLeftDown
      ? `${service} is disabled, so that the last boot left it down. From now on it is started at boot, and now.`
      : `${service} is disabled: a boot would leave it down. From now on it is started at boot.`,
    arithmetic: [],
    edits: [],
    besides: [{ of: 'unit-setting', service, setting: 'enabled', before: false, after: true }],
    checks: isLeftDown ? [check] : [],
    acts: isLeftDown ? startActs(started) : [],
    clears: [{ diagnosis: 'fpm-disabled', subject: { kind: 'service', name: service } }],
    disturbs: [],
    warnings:
      isUp || isLeftDown ? [] : [`${service} is down, and stays so until the next boot: start-service starts it now.`],
    basis: [unitBasis(started)],
    guards: [],
    forecast: [],
  }
}
