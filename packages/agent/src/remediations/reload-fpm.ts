/** Reload PHP-FPM so that it reads its configuration anew and no request is lost, whatever process_control_timeout says. */
import * as z from 'zod/mini'
import { isManaged, reloadSteps } from '../judgement/by-hand.ts'
import { defineRemediation } from './define.ts'
import { defaultDeadlineMs, findReloadable, reloadParts } from './reload-parts.ts'
import { notManaged, refused, serviceInput } from './service-input.ts'

export const reloadFpm = defineRemediation({
  id: 'reload-fpm',
  title: 'Reload PHP-FPM without losing a request',
  meaning:
    'Tests the configuration first, beyond what `php-fpm -t` tests. Then the master is held still while every worker ' +
    'finishes its request, and told to re-read everything once all are done. A plain reload kills requests in flight ' +
    'when process_control_timeout is 0. Where nginx keeps idle connections to its workers, which would hold them up for ever, ' +
    'workers stand still too while nginx is reloaded and gives them up; not where that would load an edit of nginx that ' +
    'nobody asked for. If a request does not finish before the deadline, the reload lets go: nothing is ' +
    'lost, nothing is reloaded, and the answer names the worker.',
  disturbs:
    'New requests to all pools of the service wait until the slowest one in flight is done; none is lost. A ' +
    'script inside sleep() wakes up early.',
  undone: 'Nothing to undo: no file is changed.',
  clears: [],
  byHand:
    'Stop the master (SIGSTOP), send SIGQUIT to each worker, wait until all are zombies, then send SIGUSR2 and SIGCONT to ' +
    'the master. `systemctl reload` alone loses requests. Where nginx keeps connections (`keepalive` in the upstream group): ' +
    'SIGSTOP to the workers first, `nginx -t && nginx -s reload`, and SIGCONT to them after SIGQUIT.',
  input: z.strictObject({
    service: serviceInput,
    deadlineMs: z._default(
      z.int().check(z.gte(1000), z.lte(120_000), z.describe('Let go after this long, milliseconds.')),
      defaultDeadlineMs,
    ),
  }),

  draft(facts, { service, deadlineMs }) {
    const found = findReloadable(facts, service)
    if (!found.ok) return found.refused
    if (!isManaged(found.value)) return refused(notManaged(found.value), `By hand: ${reloadSteps(found.value)}.`)
    return {
      kind: 'draft',
      because: `${service} reads its configuration anew.`,
      arithmetic: [],
      edits: [],
      clears: [],
      warnings: [],
      ...reloadParts(facts, found.value, deadlineMs, false),
    }
  },
})
