/** Give a pool a status page on a socket of its own: it answers when all workers are busy, and no visitor can ask it. */
import * as z from 'zod/mini'
import { hasNoStatusPage, isWithoutIn } from '../judgement/pools-without.ts'
import { setPoolDirective } from '../readings/fpm-config-edit.ts'
import { defineRemediation, type FileEdit } from './define.ts'
import { defaultDeadlineMs, findReloadable, reloadParts } from './reload-parts.ts'
import { findPool, planOnly, poolInput, refused } from './service-input.ts'

/** `sun_path` of Linux, with the zero at its end. */
const longestSocketPath = 107

export const enableStatusPage = defineRemediation({
  id: 'enable-status-page',
  title: 'Switch the status page on',
  meaning:
    'Sets pm.status_listen of the pool to a unix socket beside its own (PHP 8.0 and later). FPM answers there from a small ' +
    'pool of its own, so that it can be asked while all workers are busy. pm.status_path stays unset: the pool itself does ' +
    'not serve the page, and no request through nginx can reach it. Fleetmend reads how many workers are busy from it.',
  disturbs: 'New requests to all pools of the service wait until the slowest one in flight is done; none is lost.',
  undone: 'The line is put back as it was, and the service is reloaded.',
  clears: ['status-page-off'],
  byHand: 'Set `pm.status_listen = /run/php/www-status.sock` in the pool, then reload.',
  input: z.strictObject({ pool: poolInput }),

  draft(facts, { pool: subject }) {
    const pool = findPool(facts, subject)
    if (!pool.ok) return pool.refused
    const found = findReloadable(facts, subject.split('/')[0] ?? '')
    if (!found.ok) return found.refused
    const config = found.value.config.value
    const own = config.pools.find(({ name }) => name === pool.value.name)
    if (!own || !hasNoStatusPage(own)) return { kind: 'nothing-to-do', because: `${subject} has a status page.` }
    const [major = 0] = (found.value.phpVersion ?? '').split('.').map(Number)
    if (major < 8)
      return refused(
        `PHP ${found.value.phpVersion ?? 'of this service'} cannot serve the status page on an address of its own (8.0 can).`,
        `Set \`pm.status_path = /fpm-status\` in the file of ${subject}, reload, and see that no location of nginx hands /fpm-status to PHP for others than 127.0.0.1.`,
      )
    const listen = pool.value.listen ?? ''
    if (!listen.startsWith('unix:/'))
      return refused(
        `${subject} listens on a port, and where a socket may lie is not known.`,
        `Set \`pm.status_listen = 127.0.0.1:PORT\` with a free port in the file of ${subject}, then \`fleetmend-agent plan reload-fpm --input service=${found.value.service}\`.`,
      )
    const folder = listen.slice('unix:'.length, listen.lastIndexOf('/'))
    const socket = `${folder}/${found.value.service}-${pool.value.name}-status.sock`
    const isTaken = found.value.listensOn.includes(`unix:${socket}`)
    if (socket.length > longestSocketPath || isTaken)
      return refused(
        `${socket} ${isTaken ? 'is in use' : 'is too long a name for a socket'}.`,
        `Choose another for \`pm.status_listen\` in the file of ${subject}.`,
      )
    const { path, splice } = setPoolDirective(config, pool.value.name, 'pm.status_listen', socket)
    const edit: FileEdit = { edit: 'splice', path, splices: [splice] }
    return {
      kind: 'draft',
      because: `${subject} tells how busy it is at ${socket}, which nginx hands no request to.`,
      arithmetic: [],
      edits: [edit],
      clears: isWithoutIn(found.value, pool.value.name, hasNoStatusPage)
        ? []
        : [{ diagnosis: 'status-page-off', subject: { kind: 'service', name: found.value.service } }],
      warnings: planOnly(found.value),
      ...reloadParts(facts, found.value, defaultDeadlineMs, true),
    }
  },
})
