/** Make nginx's wait and FPM's limit fit: FPM ends a request before nginx gives up on it, and neither is endless. */
import * as z from 'zod/mini'
import { alignmentOf, mostTimeoutS } from '../judgement/align-timeouts.ts'
import { setPoolDirective } from '../readings/fpm-config-edit.ts'
import type { NginxConfig } from '../readings/nginx-config.ts'
import { nginxTimeMs } from '../readings/nginx-values.ts'
import { effectiveDirectives } from '../readings/nginx-inheritance.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { defineRemediation, type FileEdit } from './define.ts'
import { findReloadableNginx, nginxParts, setNginxDirective, together } from './nginx-parts.ts'
import { noPlaces, phpPlaces, type PhpPlace } from './php-places.ts'
import { defaultDeadlineMs, refusedForNginx, reloadParts } from './reload-parts.ts'
import { findPool, findAccepted, planOnly, poolInput } from './service-input.ts'

export const alignTimeouts = defineRemediation({
  id: 'align-timeouts',
  title: "Make nginx's wait and FPM's limit fit",
  meaning:
    'FPM looks at request_terminate_timeout only every third of it, so that nginx has to wait a third longer, and a little. ' +
    'Where FPM may work longer than nginx waits, nginx is told to wait: that holds no worker longer than now. Where FPM ' +
    'ended requests for which nginx would have waited, it may work as long as that, unless the workers it would hold are ' +
    'too many. Where there is no limit at all, it becomes what nginx waits now, so that no request which is answered in ' +
    'one piece today is ended tomorrow.',
  disturbs:
    "Nothing where nginx is told to wait longer. Where FPM's limit changes: new requests to all pools of the service wait " +
    'until the slowest one in flight is done; none is lost.',
  undone: 'Both values are put back as they were, and who reads them is reloaded.',
  clears: ['timeouts-inconsistent', 'terminated-by-timeout', 'upstream-timeout'],
  byHand:
    'Set `fastcgi_read_timeout 85s;` in the location, `request_terminate_timeout = 60s` in the pool, then reload nginx and ' +
    'PHP-FPM.',
  input: z.strictObject({
    pool: poolInput,
    limitS: z.optional(
      z
        .int()
        .check(
          z.gte(1),
          z.lte(2600),
          z.describe(
            'Seconds that PHP may work on one request (request_terminate_timeout), instead of the computed number.',
          ),
        ),
    ),
    waitS: z.optional(
      z
        .int()
        .check(
          z.gte(5),
          z.lte(mostTimeoutS),
          z.describe('Seconds that nginx waits at least (fastcgi_read_timeout), instead of the computed number.'),
        ),
    ),
  }),

  draft(facts, { pool: subject, limitS, waitS }) {
    const pool = findPool(facts, subject)
    if (!pool.ok) return pool.refused
    const service = findAccepted(facts, subject.split('/')[0] ?? '')
    if (!service.ok) return service.refused
    const nginx = findReloadableNginx(facts)
    if (!nginx.ok) return nginx.refused
    const config = nginx.value.config.value
    const places = phpPlaces(facts, config, pool.value)
    if (places.length === 0) return noPlaces(subject)
    const alignment = alignmentOf(facts, service.value, pool.value, { limitS, waitS })
    if (alignment.kind === 'refused') return alignment
    const waits =
      alignment.kind === 'align' && alignment.waitS !== null ? waitLonger(facts, config, places, alignment.waitS) : null
    const limit = alignment.kind === 'align' && alignment.limitS !== null ? alignment.limitS : null
    if (alignment.kind === 'fits' || (waits === null && limit === null))
      return { kind: 'nothing-to-do', because: alignment.because }
    const fpmEdits = limit === null ? [] : [limitEdit(service.value.config.value, pool.value.name, limit)]
    const refusal = limit === null ? null : refusedForNginx(facts, service.value)
    if (refusal) return refusal
    const fpm = limit === null ? null : reloadParts(facts, service.value, defaultDeadlineMs, true)
    const parts = [...(waits === null ? [] : [nginxParts(nginx.value)]), ...(fpm ? [fpm] : [])]
    return {
      kind: 'draft',
      because: alignment.because,
      arithmetic: alignment.arithmetic,
      edits: [...(waits?.edits ?? []), ...fpmEdits],
      clears: alignment.clears.map((diagnosis) => ({ diagnosis, subject: { kind: 'pool', name: subject } })),
      warnings: [
        ...(limit === null ? [] : planOnly(service.value)),
        ...(limit !== null && alignment.endsMore ? [streamsEnd(limit)] : []),
        ...(waits?.warnings ?? []),
      ],
      guards: fpm?.guards ?? [],
      checks: parts.flatMap((each) => each.checks),
      acts: parts.flatMap((each) => each.acts),
      disturbs: parts.flatMap((each) => each.disturbs),
      basis: parts.flatMap((each) => each.basis),
      forecast: parts.flatMap((each) => each.forecast),
    }
  },
})

function waitLonger(facts: HostFacts, config: NginxConfig, places: readonly PhpPlace[], waitS: number) {
  const shorter = places.filter(({ levels }) => {
    const written = effectiveDirectives(levels, 'fastcgi_read_timeout').at(-1)?.args[0] ?? '60s'
    return (nginxTimeMs(written) ?? 0) < waitS * 1000
  })
  return together(
    facts,
    shorter.map((place) => setNginxDirective(config, place, 'fastcgi_read_timeout', [`${waitS}s`])),
  )
}

function limitEdit(config: Parameters<typeof setPoolDirective>[0], pool: string, limitS: number): FileEdit {
  const { path, splice } = setPoolDirective(config, pool, 'request_terminate_timeout', `${limitS}s`)
  return { edit: 'splice', path, splices: [splice] }
}

/** nginx's wait is for the next piece of an answer, FPM's limit for all of it. */
function streamsEnd(limitS: number): string {
  return `Whatever takes longer than ${limitS} s in all is ended, also an answer that comes in pieces (exports, downloads through PHP).`
}
