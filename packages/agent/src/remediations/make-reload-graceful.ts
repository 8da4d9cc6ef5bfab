/** Give workers time to finish their request on every later reload, also on those that others make. */
import * as z from 'zod/mini'
import { setGlobalDirective } from '../readings/fpm-config-edit.ts'
import { fpmSeconds } from '../readings/fpm-values.ts'
import { defineRemediation } from './define.ts'
import { defaultDeadlineMs, findReloadable, reloadParts } from './reload-parts.ts'
import { planOnly, serviceInput } from './service-input.ts'

export const makeReloadGraceful = defineRemediation({
  id: 'make-reload-graceful',
  title: 'Let workers finish on a reload',
  meaning:
    'Sets process_control_timeout in [global]. A reload uses the value that the running master has loaded, so an edit ' +
    'alone would protect only the second reload; this plan loads it with a reload that loses nothing, and every later ' +
    'one (by cron, by a deployment, by hand) is graceful. The price: one stuck request delays all pools of the master ' +
    'for that long on every reload.',
  disturbs: 'New requests to all pools of the service wait until the slowest one in flight is done; none is lost.',
  undone: 'The line is put back as it was and the service reloaded, which loses no request either.',
  clears: ['reload-drops-requests'],
  byHand:
    'Set `process_control_timeout = 10s` in `[global]` of php-fpm.conf, before its include line, and reload twice.',
  input: z.strictObject({
    service: serviceInput,
    graceS: z._default(
      z
        .int()
        .check(
          z.gte(1),
          z.lte(60),
          z.describe('Seconds a worker may take to finish; above the longest usual request.'),
        ),
      10,
    ),
  }),

  draft(facts, { service, graceS }) {
    const found = findReloadable(facts, service)
    if (!found.ok) return found.refused
    const config = found.value.config.value
    const now = fpmSeconds(config.global.get('process_control_timeout')?.value ?? '0') ?? 0
    const { path, splice } = setGlobalDirective(config, 'process_control_timeout', `${graceS}s`)
    const isSet = now === graceS
    return {
      kind: 'draft',
      because: isSet
        ? `process_control_timeout is ${graceS} s on disk, but the running master has not loaded it.`
        : `process_control_timeout of ${service} goes from ${now} s to ${graceS} s, so that workers finish their request on a reload.`,
      arithmetic: [],
      edits: isSet ? [] : [{ edit: 'splice', path, splices: [splice] }],
      clears: [{ diagnosis: 'reload-drops-requests', subject: { kind: 'service', name: service } }],
      warnings: [
        ...planOnly(found.value),
        `From now on one stuck request delays every reload of ${service} by up to ${graceS} s, for all its pools.`,
      ],
      ...reloadParts(facts, found.value, defaultDeadlineMs, !isSet),
    }
  },
})
