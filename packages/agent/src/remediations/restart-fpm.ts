/** Restart PHP-FPM, for the few things that a reload cannot do, and with as few requests lost as a restart can. */
import * as z from 'zod/mini'
import type { Act } from '@fleetmend/shared'
import { restartReasons } from '../judgement/restart-reasons.ts'
import { defineRemediation } from './define.ts'
import { findRestartable, refusedNextSocket, restartParts } from './restart-parts.ts'
import { refused, serviceInput } from './service-input.ts'

export const restartFpm = defineRemediation({
  id: 'restart-fpm',
  title: 'Restart PHP-FPM',
  meaning:
    'For what a reload cannot do: it keeps sockets as they are (listen.owner, listen.group, listen.mode, ACLs, ' +
    'listen.backlog, a deleted socket file), and the limits and environment that the unit gave the master. The ' +
    'configuration is tested first, and systemd stops and starts the unit. Where nearly nothing comes in, workers finish ' +
    'what they have first; elsewhere that would lose more than it saves. Refused where a reload would do, unless you say ' +
    'anyway=true.',
  disturbs:
    'Requests in flight are cut off and answered 502, unless nearly nothing comes in: then they have 1 s to finish (5 s ' +
    'where nginx reaches no pool anyway). New requests get 502 until the service is up again, mostly 0.1 to 0.5 s.',
  undone: 'Nothing to undo: no file is changed.',
  clears: ['socket-missing', 'socket-stale'],
  byHand: '`php-fpm8.2 -F -O -t` first, then `systemctl restart php8.2-fpm`, which cuts off all requests in flight.',
  input: z.strictObject({
    service: serviceInput,
    anyway: z._default(
      z.boolean().check(z.describe('Although nothing was seen here that a reload would not do as well.')),
      false,
    ),
  }),

  draft(facts, { service, anyway }) {
    const found = findRestartable(facts, service)
    if (!found.ok) return found.refused
    const reasons = restartReasons(facts, found.value)
    if (reasons.length === 0 && !anyway)
      return refused(
        `Nothing was seen that needs a restart of ${service}: a reload loads its configuration and loses no request.`,
        `\`fleetmend-agent plan reload-fpm --input service=${service}\`; or, for what cannot be seen from here (limits, the environment of the master), \`fleetmend-agent plan restart-fpm --input service=${service} --input anyway=true\`.`,
      )
    const refusal = refusedNextSocket(facts, service)
    if (refusal) return refusal
    const parts = restartParts(facts, found.value, false)
    const acts: readonly Act[] = found.value.unit.needDaemonReload
      ? [{ act: 'daemon-reload' }, ...parts.acts]
      : parts.acts
    return {
      kind: 'draft',
      because: reasons.map(({ says }) => says).join(' ') || `${service} is started anew, because that was asked for.`,
      arithmetic: [],
      edits: [],
      clears: reasons.flatMap(({ clears }) => clears),
      warnings: [],
      guards: [],
      ...parts,
      acts,
    }
  },
})
