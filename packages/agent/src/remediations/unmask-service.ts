/** Take the mask off PHP-FPM or nginx, and start it where it is down. Somebody put it on, so that it takes a person's word. */
import * as z from 'zod/mini'
import type { UnitSetting } from '@fleetmend/shared'
import { wantedDown } from '../judgement/wanted-down.ts'
import { defineRemediation, type Drafted } from './define.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
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

export const unmaskService = defineRemediation({
  id: 'unmask-service',
  title: 'Unmask PHP-FPM or nginx, and start it',
  meaning:
    'Takes away the link to /dev/null that stands in the place of the unit, as `systemctl unmask` does, and starts the ' +
    'service if it is down, after its configuration passed. No mask comes by itself: without --start-stopped it is ' +
    'refused, with who masked it and when. That word covers the start as well, which the mask was there to prevent.',
  disturbs: 'Nothing: the service is down, or runs on.',
  undone: 'The unit is masked again. What was started with it runs on: a rollback leaves what was down as it finds it.',
  clears: ['fpm-masked', 'nginx-stopped'],
  byHand:
    '`systemctl unmask php8.2-fpm` (with `--runtime` for a mask until the next boot), then `systemctl start php8.2-fpm`.',
  input: z.strictObject({ service: startedServiceInput, startStopped: startStoppedInput }),

  draft(facts, { service, startStopped }) {
    const found = findStarted(facts, service)
    if (!found.ok) return found.refused
    const wanted = wantedDown(facts, found.value)
    if (wanted?.how !== 'masked') return { kind: 'nothing-to-do', because: `${service} is not masked.` }
    const { unitFileState } = found.value.unit
    if (unitFileState !== 'masked' && unitFileState !== 'masked-runtime')
      return refused(
        `${service} is masked, but systemd calls its unit file ${unitFileState || 'nothing'}, so that how it was masked is not known.`,
        `See \`systemctl status ${service}\`, and take away by hand what masks it.`,
      )
    if (!startStopped)
      return refused(
        `${service} ${wanted.says}. What a person wants down is not brought back without a word.`,
        `If that is over: \`fleetmend-agent plan unmask-service --input service=${service} --start-stopped\`.`,
      )
    const refusal = found.value.isUp ? null : refusedConfig(found.value)
    return refusal ?? draftUnmask(found.value, unitFileState, wanted.says)
  },
})

function draftUnmask(started: StartedService, setting: UnitSetting, says: string): Drafted {
  const { service, check, isUp } = started
  return {
    kind: 'draft',
    because: `${service} ${says}; that is taken away${isUp ? '' : ', and it is started'}.`,
    arithmetic: [],
    edits: [],
    besides: [{ of: 'unit-setting', service, setting, before: true, after: false }],
    checks: isUp ? [] : [check],
    acts: isUp ? [] : startActs(started),
    clears: [
      {
        diagnosis: service === nginxUnit ? 'nginx-stopped' : 'fpm-masked',
        subject: { kind: 'service', name: service },
      },
    ],
    disturbs: [],
    warnings: [],
    basis: [unitBasis(started)],
    guards: [],
    forecast: [],
  }
}
