/** A drop-in that brings PHP-FPM back when it dies, with a start limit that can trigger and a reload that tests first. */
import * as z from 'zod/mini'
import type { FpmFacts } from '../survey/host-facts.ts'
import { defineRemediation, type FileEdit } from './define.ts'
import { findManaged, refused, serviceInput, type Refused } from './service-input.ts'

/** Our own files: `override.conf` belongs to the people who run `systemctl edit`. The second, where the first would lose. */
const ours = ['50-fleetmend.conf', 'zz-fleetmend.conf'] as const
const ourKeys = /^\s*(Restart|RestartSec|StartLimit\w+|OOMPolicy|ExecReload)\s*=/m

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
    const place = placeOf(found.value)
    if (!place.ok) return place.refused
    const { path, overridden } = place
    const text = dropIn(found.value, pauseS)
    const present = found.value.dropIns.find((each) => each.path === path)
    if (present?.text === text && unit.restart === 'on-failure') {
      return { kind: 'nothing-to-do', because: `${path} is in place and in force.` }
    }
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
      warnings: overridden.map((other) => `${other} says otherwise; this file is read after it.`),
      basis: [],
      guards: [],
      forecast: [],
    }
  },
})

type Place =
  | { readonly ok: true; readonly path: string; readonly overridden: readonly string[] }
  | { readonly ok: false; readonly refused: Refused }

/** Drop-ins are read in the order of their names, whatever folder they lie in, and the last one counts (systemd.unit(5)). */
function placeOf({ service, dropIns }: FpmFacts): Place {
  const folder = `/etc/systemd/system/${service}.service.d`
  const others = dropIns.filter(({ path, text }) => !isOurs(path) && ourKeys.test(text))
  const after = (name: string) => others.filter(({ path }) => nameOf(path) > name).map(({ path }) => path)
  const name = ours.find((each) => after(each).length === 0)
  if (name !== undefined) {
    const overridden = name === ours[0] ? [] : after(ours[0])
    return { ok: true, path: `${folder}/${name}`, overridden }
  }
  const [last = ''] = after(ours[1])
  return {
    ok: false,
    refused: refused(
      `${last} is read after every drop-in that Fleetmend would write, and says how ${service} is started again.`,
      `Set Restart=on-failure there, then \`systemctl daemon-reload\`.`,
    ),
  }
}

function isOurs(path: string): boolean {
  return ours.some((name) => name === nameOf(path))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

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
