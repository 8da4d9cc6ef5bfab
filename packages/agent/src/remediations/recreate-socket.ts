/** Bring back a socket file that was deleted or covered while PHP-FPM runs: by a restart, because a reload cannot. */
import * as z from 'zod/mini'
import { lostSockets } from '../judgement/restart-reasons.ts'
import { defineRemediation } from './define.ts'
import { findRestartable, refusedNextSocket, restartParts } from './restart-parts.ts'
import { findPoolIn, poolInput, refused } from './service-input.ts'

export const recreateSocket = defineRemediation({
  id: 'recreate-socket',
  title: 'Make the socket of a pool anew',
  meaning:
    'The file of the socket was deleted, or something else was put in its place, while FPM runs and listens. A reload ' +
    'hands the open socket on as it is, so that only a stop and a start make a new file. The configuration is tested ' +
    'first. Where nobody else needs the service meanwhile, workers finish the requests they have; then systemd restarts ' +
    'the unit.',
  disturbs:
    'The pool itself loses nothing that was not lost already: nobody can connect to it. Other pools of the same service ' +
    'lose what they have in flight, and get 502 until it is up again, mostly 0.1 to 0.5 s.',
  undone: 'Nothing to undo: no file is changed.',
  clears: ['socket-missing', 'socket-stale'],
  byHand: '`php-fpm8.2 -F -O -t`, then `systemctl restart php8.2-fpm`. Find out what deletes files there.',
  input: z.strictObject({ pool: poolInput }),

  draft(facts, { pool: subject }) {
    const found = findPoolIn(facts, subject, findRestartable)
    if (!found.ok) return found.refused
    const { service } = found.value
    const lost = lostSockets(facts, service)
    const wanted = lost.find(({ clears }) => clears.subject.name === subject)
    if (!wanted)
      return {
        kind: 'nothing-to-do',
        because: `The socket of ${subject} is where nginx looks for it, or nobody asks for it.`,
      }
    const blocked = lost.find(({ obstacle }) => obstacle !== null)
    if (blocked)
      return refused(
        `${service.service} would not start again: ${blocked.obstacle}.`,
        `Put that right first (\`systemd-tmpfiles --create\` makes the folders that packages declare), then plan again.`,
      )
    const refusal = refusedNextSocket(facts, service.service)
    if (refusal) return refusal
    return {
      kind: 'draft',
      because: wanted.says,
      arithmetic: [],
      edits: [],
      clears: lost.map(({ clears }) => clears),
      warnings: ['What deleted it may do so again: a clean-up of /run or /tmp, a script that takes sockets for stale.'],
      guards: [],
      ...restartParts(facts, service, false),
    }
  },
})
