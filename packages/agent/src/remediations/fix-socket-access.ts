/** Let nginx's worker connect to a pool's socket again: by its owner, group, mode or list, or by the folders above it. */
import * as z from 'zod/mini'
import { mendAccess, type AccessMending } from '../judgement/socket-access.ts'
import { setPoolDirective } from '../readings/fpm-config-edit.ts'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { defineRemediation, type Draft, type Drafted } from './define.ts'
import { defaultDeadlineMs, refusedForNginx, reloadParts } from './reload-parts.ts'
import { findRestartable, restartParts, type Restartable } from './restart-parts.ts'
import { findPoolIn, poolInput, refused } from './service-input.ts'

export const fixSocketAccess = defineRemediation({
  id: 'fix-socket-access',
  title: 'Let nginx connect to the socket',
  meaning:
    "Gives nginx's user what it lacks and nothing more: listen.owner where it is root's to give away, else listen.group; " +
    'listen.mode 0660, never more; an entry in listen.acl_users where that is in force; or the search bit on folders ' +
    'below /run, /var, /srv and /opt. Where the files of the pool are right and somebody changed the socket by hand, it ' +
    'is only made anew. FPM sets up a socket when it opens it, so that this takes a restart, unless it works now and ' +
    'would only fail after the next one. Which groups a user is in is left to a person.',
  disturbs:
    'The pool itself loses nothing that was not lost already. Other pools of the same service lose what they have in ' +
    'flight, and get 502 until it is up again, mostly 0.1 to 0.5 s. A folder is opened without any of this.',
  undone:
    'The lines are put back as they were and the service restarted; folders get their mode back. What somebody had changed ' +
    'of the socket file by hand does not come back.',
  clears: ['socket-denied'],
  byHand: 'Set `listen.owner` and `listen.group` to the user of nginx, `listen.mode = 0660`, and restart PHP-FPM.',
  input: z.strictObject({ pool: poolInput }),

  draft(facts, { pool: subject }) {
    const found = findPoolIn(facts, subject, findRestartable)
    if (!found.ok) return found.refused
    const { service, pool } = found.value
    if (!facts.nginx.worker)
      return refused("Whom nginx's workers run as is not known.", 'Start nginx (start-service), and plan again.')
    const mending = mendAccess(facts, { service, pool })
    if (!mending) return { kind: 'nothing-to-do', because: `Nothing keeps nginx out of the socket of ${subject}.` }
    return draftOf(facts, service, pool, mending)
  },
})

function draftOf(facts: HostFacts, service: Restartable, pool: PoolFacts, mending: AccessMending): Drafted {
  const common = {
    kind: 'draft',
    because: mending.why,
    arithmetic: [],
    edits: [],
    clears: [{ diagnosis: 'socket-denied', subject: { kind: 'pool', name: pool.subject } as const }],
    warnings: [],
    guards: [],
  } satisfies Partial<Draft>
  switch (mending.is) {
    case 'by-hand':
      return refused(mending.why, mending.toDo)
    case 'new-group':
      return refused(
        `${mending.why} It has that group since its workers started.`,
        'They learn of it by a reload, which loses nothing: `fleetmend-agent plan reload-nginx`.',
      )
    case 'folders':
      return {
        ...common,
        besides: mending.folders.map((folder) => ({ of: 'directory', ...folder })),
        checks: [],
        acts: [],
        disturbs: [],
        warnings: mending.folders
          .filter(({ path }) => `${path}/`.startsWith('/run/'))
          .map(
            ({ path }) =>
              `${path} is made anew at boot: \`grep -rs ${path} /etc/tmpfiles.d /usr/lib/tmpfiles.d\` shows as what.`,
          ),
        basis: [],
        forecast: [],
      }
    case 'settings': {
      const isEdited = mending.set.length > 0
      const refusal = mending.isDenied ? null : refusedForNginx(facts, service)
      if (refusal) return refusal
      return {
        ...common,
        because: `${mending.why} ${isEdited ? `${mending.set.map(([name, value]) => `${name} = ${value}`).join(', ')} lets it in.` : 'The files of the pool are right; a start makes the socket as they say.'}`,
        edits: mending.set.map(([name, value]) => {
          const { path, splice } = setPoolDirective(service.config.value, pool.name, name, value)
          return { edit: 'splice', path, splices: [splice] } as const
        }),
        warnings: isEdited ? [] : ['Somebody or something changed the socket by hand; it may do so again.'],
        ...(mending.isDenied
          ? restartParts(facts, service, isEdited)
          : reloadParts(facts, service, defaultDeadlineMs, isEdited)),
      }
    }
  }
}
