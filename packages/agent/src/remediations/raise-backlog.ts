/** A longer queue for the connections that wait for a worker: listen.backlog, which takes a restart. */
import * as z from 'zod/mini'
import { isShortQueue, kernelLimit, kernelLimitSteps, turnsAway, usualBacklog } from '../judgement/turned-away.ts'
import { setPoolDirective } from '../readings/fpm-config-edit.ts'
import { defineRemediation } from './define.ts'
import { findRestartable, refusedNextSocket, restartParts } from './restart-parts.ts'
import { findPoolIn, poolInput, refused } from './service-input.ts'

export const raiseBacklog = defineRemediation({
  id: 'raise-backlog',
  title: 'Let more requests wait for a worker',
  meaning:
    'Sets listen.backlog of the pool. While its queue is full, nginx answers 502 "(11: Resource temporarily unavailable)" ' +
    'at once; with room, a burst waits a moment instead. It helps against bursts, not against too few workers. FPM ' +
    'gives a socket its queue when it opens it, and a reload keeps sockets open: so it takes a restart. The kernel allows ' +
    'no more than net.core.somaxconn, which Fleetmend does not change.',
  disturbs:
    'Requests in flight are cut off and answered 502, unless nearly nothing comes in: then they have 1 s to finish. New ' +
    'requests get 502 until the service is up again, mostly 0.1 to 0.5 s.',
  undone: 'The line is put back as it was and the service restarted, which disturbs as much again.',
  clears: ['backlog-small', 'backlog-full'],
  byHand:
    'Set `listen.backlog = 511` in the pool file, see that `sysctl net.core.somaxconn` is no smaller, and restart.',
  input: z.strictObject({
    pool: poolInput,
    backlog: z._default(
      z.int().check(z.gte(64), z.lte(65_535), z.describe('How many connections may wait.')),
      usualBacklog,
    ),
  }),

  draft(facts, { pool: subject, backlog }) {
    const found = findPoolIn(facts, subject, findRestartable)
    if (!found.ok) return found.refused
    const { service, pool } = found.value
    if (!pool.queue.ok)
      return refused(
        `How long the queue of ${subject} is could not be read: ${pool.queue.says}.`,
        'See `ss -lxn` and `ss -ltn`, column Send-Q.',
      )
    const { limit } = pool.queue.value
    const { somaxconn } = facts.capacity
    if (somaxconn !== null && somaxconn < backlog)
      return refused(
        `The kernel lets no more than ${somaxconn} connections wait (net.core.somaxconn), whatever listen.backlog says.`,
        kernelLimit(facts, pool) === null
          ? `\`--input backlog=${somaxconn}\` is the most; or first ${kernelLimitSteps(service.service)}`
          : kernelLimitSteps(service.service),
      )
    if (limit !== null && limit >= backlog)
      return { kind: 'nothing-to-do', because: `${limit} connections can wait for a worker of ${subject} already.` }
    const refusal = refusedNextSocket(facts, service.service)
    if (refusal) return refusal
    const isSet =
      service.config.value.pools.find(({ name }) => name === pool.name)?.directives.get('listen.backlog')?.value ===
      String(backlog)
    const { path, splice } = setPoolDirective(service.config.value, pool.name, 'listen.backlog', String(backlog))
    const about = { kind: 'pool', name: subject } as const
    return {
      kind: 'draft',
      because: isSet
        ? `listen.backlog of ${subject} is ${backlog} on disk, but its socket was opened with ${limit ?? 'another'}.`
        : `${backlog} connections may wait for a worker of ${subject}; now ${limit ?? 'another number'} may.`,
      arithmetic: [],
      edits: isSet ? [] : [{ edit: 'splice', path, splices: [splice] }],
      clears: [{ diagnosis: turnsAway(facts, pool) ? 'backlog-full' : 'backlog-small', subject: about }],
      warnings: isShortQueue(pool)
        ? []
        : ['The queue was not short: if it fills up, there are too few workers (tune-pool).'],
      guards: [],
      ...restartParts(facts, service, !isSet),
    }
  },
})
