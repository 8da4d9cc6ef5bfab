/** A drop-in that brings PHP-FPM back when it dies, with a start limit that can trigger and a reload that tests first. */
import * as z from 'zod/mini'
import type { FpmFacts } from '../survey/host-facts.ts'
import { defineRemediation, type FileEdit } from './define.ts'
import { findManaged, refused, serviceInput } from './service-input.ts'

/** Our own file: `override.conf` belongs to the people who run `systemctl edit`. */
const fileName = '50-fleetmend.conf'

export const restartOnFailure = defineRemediation({
  id: 'restart-on-failure',
  title: 'Restart PHP-FPM when it dies',
  meaning:
    'Writes a systemd drop-in: Restart=on-failure; RestartSec and a start limit that fit each other (with the default ' +
    'limit of 5 starts in 10 s, a pause of 2 s or more would loop for ever); OOMPolicy=continue, so that one worker ' +
    'killed for memory does not stop all; and a reload that tests the configuration before it signals the master. ' +
    'Nothing is restarted now.',
  disturbs: 'Nothing.',
  undone: 'The drop-in is removed, or put back as it was, and systemd reads its unit files again.',
  clears: ['no-auto-restart'],
  byHand: '`systemctl edit php8.2-fpm` with Restart=on-failure, then `systemctl daemon-reload`.',
  input: z.strictObject({
    service: serviceInput,
    pauseS: z._default(
      z.int().check(z.gte(1), z.lte(30), z.describe('Seconds between a death and the restart (RestartSec).')),
      2,
    ),
  }),

  draft(facts, { service, pauseS }) {
    const found = findManaged(facts, service)
    if (!found.ok) return found.refused
    const { unit } = found.value
    if (unit.loadState !== 'loaded') {
      return refused(
        `${service} is ${unit.loadState}, so a drop-in would have no effect.`,
        `See \`systemctl status ${service}\`.`,
      )
    }
    const path = `/etc/systemd/system/${service}.service.d/${fileName}`
    const text = dropIn(found.value, pauseS)
    const present = found.value.dropIns.find((each) => each.path === path)
    if (present?.text === text && unit.restart === 'on-failure') {
      return { kind: 'nothing-to-do', because: `${path} is in place and in force.` }
    }
    const overriding = unit.dropInPaths.filter((each) => (each.split('/').at(-1) ?? '') > fileName)
    const edit: FileEdit = present
      ? { edit: 'splice', path, splices: [{ start: 0, end: present.text.length, text }] }
      : { edit: 'create', path, text, mode: 0o644 }
    return {
      kind: 'draft',
      because: `systemd starts ${service} again when it dies: after ${pauseS} s, and at most 5 times in ${limitS(pauseS)} s.`,
      arithmetic: [],
      edits: present?.text === text ? [] : [edit],
      checks: [{ when: 'planned', check: 'unit-file', service }],
      acts: [{ act: 'daemon-reload' }],
      clears: [{ diagnosis: 'no-auto-restart', subject: { kind: 'service', name: service } }],
      disturbs: [],
      warnings: overriding.map((other) => `${other} is read after this file and may override it.`),
      basis: [],
      guards: [],
      forecast: [],
    }
  },
})

/** Five starts must fit into the interval, or the limit never triggers and a broken service loops for ever. */
function limitS(pauseS: number): number {
  return Math.max(60, pauseS * 10)
}

function dropIn({ binary, configPath }: FpmFacts, pauseS: number): string {
  return `# Written by Fleetmend (restart-on-failure). To undo: remove this file, then systemctl daemon-reload.
[Unit]
StartLimitIntervalSec=${limitS(pauseS)}
StartLimitBurst=5

[Service]
Restart=on-failure
RestartSec=${pauseS}
OOMPolicy=continue
ExecReload=
ExecReload=${binary} --nodaemonize --force-stderr --test --fpm-config ${configPath}
ExecReload=/bin/kill -USR2 $MAINPID
`
}
