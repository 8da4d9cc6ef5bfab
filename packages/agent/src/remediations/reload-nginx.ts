/** Reload nginx, which loses no request: it loads its files, and its workers learn of new groups of their user. */
import * as z from 'zod/mini'
import type { Plan } from '@fleetmend/shared'
import { instantOf } from '../judgement/instant.ts'
import { disabledPeers } from '../judgement/peer-groups.ts'
import { loggedElsewhere } from '../judgement/stale-nginx.ts'
import { unloadedSince } from '../judgement/unloaded-nginx.ts'
import { deniedAt, helpsByNewGroup, lostByReload, unreached } from '../judgement/upstream-obstacle.ts'
import { addressSubject, plain, siteSubject, sitesInWords } from '../judgement/upstream-words.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { defineRemediation } from './define.ts'
import { findEditableNginx, nginxParts } from './nginx-parts.ts'
import { refused } from './service-input.ts'

export const reloadNginx = defineRemediation({
  id: 'reload-nginx',
  title: 'Reload nginx',
  meaning:
    'Tests the configuration with `nginx -t` in a private view, then sends SIGHUP: the master starts new workers on the ' +
    'same listeners, and the old ones end with their last request. For files that were edited and not loaded, and for ' +
    "nginx's user having got a group since its workers started, or servers of a group that are still given up. Everything " +
    'that was edited comes into force at once.',
  disturbs: 'Nothing: no request is lost, and none waits.',
  undone: 'Nothing to undo: no file is changed. Files that nginx has loaded with it stay loaded.',
  clears: ['config-not-loaded', 'upstream-mismatch', 'socket-denied', 'no-live-upstreams'],
  byHand: '`nginx -t && nginx -s reload`.',
  input: z.strictObject({}),

  draft(facts) {
    const found = findEditableNginx(facts)
    if (!found.ok) return found.refused
    const [lost] = lostByReload(facts)
    if (lost)
      return refused(
        `After a reload of nginx, ${sitesInWords(lost.passes)} would ask for PHP at ${plain(lost.upstream.address)}, where it gets no answer.`,
        'Mend that first; the finding says how: `fleetmend-agent diagnose`.',
      )
    const editedMs = unloadedSince(facts)
    const clears = clearsOf(facts, editedMs)
    const parts = nginxParts(found.value)
    return {
      kind: 'draft',
      because:
        editedMs === null
          ? 'nginx starts its workers anew.'
          : `nginx loads what was edited since ${instantOf(found.value.loadedAtMs ?? 0)}.`,
      arithmetic: [],
      edits: [],
      clears,
      warnings:
        editedMs === null
          ? []
          : [
              `All that was edited (last at ${instantOf(editedMs)}) comes into force; without a file to put back, it is not undone by a rollback.`,
            ],
      guards: [],
      ...parts,
      checks: parts.checks.filter(({ when }) => when === 'planned'),
    }
  },
})

function clearsOf(facts: HostFacts, editedMs: number | null): Plan['clears'] {
  const { worker } = facts.nginx
  const newGroups = unreached(facts, 'socket-denied').filter(({ upstream: { way } }) => {
    const denial = way && deniedAt(way, worker)
    return denial && worker && helpsByNewGroup(denial.step, worker)
  })
  return [
    ...(editedMs === null
      ? []
      : [{ diagnosis: 'config-not-loaded', subject: { kind: 'service', name: 'nginx' } as const }]),
    ...disabledPeers(facts)
      .filter(({ isLocalhost }) => !isLocalhost)
      .map(({ passes }) => ({ diagnosis: 'no-live-upstreams', subject: siteSubject(passes) })),
    ...loggedElsewhere(facts).map(({ pass }) => ({ diagnosis: 'upstream-mismatch', subject: siteSubject([pass]) })),
    ...newGroups.map(({ upstream, passes }) => ({
      diagnosis: 'socket-denied',
      subject: addressSubject(facts, upstream.address, passes),
    })),
  ]
}
