/** Have nginx ask PHP for the files of the site, where it is certain which those are. */
import * as z from 'zod/mini'
import { scriptFix, usualScriptFilename } from '../judgement/script-fix.ts'
import type { NginxConfig } from '../readings/nginx-config.ts'
import { effectiveDirectives } from '../readings/nginx-inheritance.ts'
import { fastcgiParameter } from '../readings/nginx-script.ts'
import { defineRemediation } from './define.ts'
import {
  addDirective,
  changeArguments,
  findReloadableNginx,
  nginxParts,
  placeOf,
  together,
  type NginxEdit,
} from './nginx-parts.ts'
import { noPlaces, phpPlaces, type PhpPlace } from './php-places.ts'
import { findPool, findService, poolInput, refused } from './service-input.ts'

export const fixScriptFilename = defineRemediation({
  id: 'fix-script-filename',
  title: 'Have nginx ask PHP for the right files',
  meaning:
    'Sets SCRIPT_FILENAME to $document_root$fastcgi_script_name where nginx does not send it, sends no folder, or sends one ' +
    'that is not there, and the root of the site does hold scripts. Where the root itself is gone, where other releases ' +
    'lie beside the one that is missing, or where the pool has a chroot, a person has to say what is right.',
  disturbs: 'Nothing: a reload of nginx loses no request.',
  undone: 'The line is put back as it was, and nginx is reloaded.',
  clears: ['script-not-found'],
  byHand:
    'Set `fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;` in the location, after the include of ' +
    'fastcgi_params, see that `nginx -t` passes, then `systemctl reload nginx`.',
  input: z.strictObject({ pool: poolInput }),

  draft(facts, { pool: subject }) {
    const pool = findPool(facts, subject)
    if (!pool.ok) return pool.refused
    const service = findService(facts, subject.split('/')[0] ?? '')
    if (!service.ok) return service.refused
    const nginx = findReloadableNginx(facts)
    if (!nginx.ok) return nginx.refused
    const config = nginx.value.config.value
    const places = phpPlaces(facts, config, pool.value)
    if (places.length === 0) return noPlaces(subject)
    const edits: NginxEdit[] = []
    const says = new Set<string>()
    for (const place of places) {
      const fix = scriptFix(service.value, pool.value, place.facts)
      if (fix.kind === 'right') continue
      if (fix.kind === 'unsure') return refused(`Which files are right at ${place.facts.at} is not certain.`, fix.toDo)
      const edit = editAt(config, place)
      if (edit === null)
        return refused(
          `The parameters that hold at ${place.facts.at} are set outside of it, for other places as well.`,
          `Write \`include fastcgi_params; fastcgi_param SCRIPT_FILENAME ${usualScriptFilename};\` into the location at ${place.facts.at}, then \`nginx -t && systemctl reload nginx\`.`,
        )
      edits.push(edit)
      says.add(fix.says)
    }
    if (edits.length === 0)
      return { kind: 'nothing-to-do', because: `nginx asks ${subject} for files in folders that are there.` }
    return {
      kind: 'draft',
      because: `${[...says].join('; ')}: nginx asks ${subject} for the files of the site (${usualScriptFilename}).`,
      arithmetic: [],
      clears: [{ diagnosis: 'script-not-found', subject: { kind: 'pool', name: subject } }],
      guards: [],
      ...nginxParts(nginx.value),
      ...together(facts, edits),
    }
  },
})

/** Null where nothing may be added: one `fastcgi_param` of its own and a location loses all those from further out. */
function editAt(config: NginxConfig, place: PhpPlace): NginxEdit | null {
  const current = fastcgiParameter(place.levels, 'SCRIPT_FILENAME')
  if (current && !isShared(placeOf(current)))
    return changeArguments(config, current, ['SCRIPT_FILENAME', usualScriptFilename])
  const own = place.levels.at(-1) ?? []
  const hasOwn = effectiveDirectives([own], 'fastcgi_param').length > 0
  return hasOwn
    ? addDirective(config, place.directive, 'fastcgi_param', ['SCRIPT_FILENAME', usualScriptFilename])
    : null
}

/** Files that come with nginx, and that any site may include. */
function isShared(at: string): boolean {
  return /\/fastcgi(?:_params|\.conf|-php\.conf):\d+$/.test(at)
}
