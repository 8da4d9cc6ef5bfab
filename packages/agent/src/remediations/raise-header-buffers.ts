/** Give nginx a buffer that the headers of PHP's answers fit into, and the other buffers that it wants beside it. */
import * as z from 'zod/mini'
import { buffersFor, inK, mostHeaderBuffer, nextHeaderBuffer, type BuffersNeeded } from '../judgement/header-buffers.ts'
import { recentErrors } from '../judgement/recent-failures.ts'
import type { NginxConfig } from '../readings/nginx-config.ts'
import { effectiveDirectives, type NginxLevels } from '../readings/nginx-inheritance.ts'
import { nginxBytes } from '../readings/nginx-values.ts'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { defineRemediation } from './define.ts'
import {
  addBeside,
  addDirective,
  changeArguments,
  findReloadableNginx,
  nginxParts,
  together,
  type NginxEdit,
} from './nginx-parts.ts'
import { noPlaces, phpPlaces, type PhpPlace } from './php-places.ts'
import { findPool, poolInput, refused } from './service-input.ts'

export const raiseHeaderBuffers = defineRemediation({
  id: 'raise-header-buffers',
  title: "Make room for PHP's response headers",
  meaning:
    'Raises fastcgi_buffer_size where it holds for the locations whose answers did not fit, and fastcgi_buffers and ' +
    'fastcgi_busy_buffers_size as far as nginx wants them to follow. nginx does not log how long a header was, so that ' +
    'it is four times what did not do, at least 16 kB and at most 128 kB. When it comes back at the most, the ' +
    'application sends headers that nobody should: cookies that grow, or debug output.',
  disturbs: 'Nothing: a reload of nginx loses no request.',
  undone: 'The lines are put back as they were, and nginx is reloaded.',
  clears: ['header-too-big'],
  byHand:
    'Set `fastcgi_buffer_size 16k; fastcgi_buffers 9 4k;` in the location that has `fastcgi_pass`, see that `nginx -t` ' +
    'passes, then `systemctl reload nginx`.',
  input: z.strictObject({
    pool: poolInput,
    bufferKiB: z.optional(
      z
        .int()
        .check(
          z.gte(8),
          z.lte(mostHeaderBuffer / 1024),
          z.describe('Room for a header, KiB, instead of four times what there is now.'),
        ),
    ),
  }),

  draft(facts, { pool: subject, bufferKiB }) {
    const pool = findPool(facts, subject)
    if (!pool.ok) return pool.refused
    const nginx = findReloadableNginx(facts)
    if (!nginx.ok) return nginx.refused
    const config = nginx.value.config.value
    const places = concerned(facts, pool.value, phpPlaces(facts, config, pool.value))
    if (places.length === 0) return noPlaces(subject)
    const sizes = places.map(({ levels }) => nginxBytes(settings(levels).bufferSize ?? '4k'))
    const least = Math.max(...sizes.map((size) => size ?? 0))
    const wanted = bufferKiB === undefined ? nextHeaderBuffer(least) : bufferKiB * 1024
    if (wanted === null)
      return refused(
        `Headers of ${subject} do not even fit into ${inK(least)}, the most that is given.`,
        'Look at what the page sends: `curl -sD - -o /dev/null URL`, asked of PHP directly where nginx answers 502. Cookies ' +
          'that grow with every visit, and debug headers, are the usual reason.',
      )
    const edits: NginxEdit[] = []
    const arithmetic = new Set<string>()
    for (const [i, place] of places.entries()) {
      const size = sizes[i]
      const needed = size === undefined || size === null ? null : buffersFor(wanted, settings(place.levels))
      if (needed === null || size === undefined || size === null)
        return refused(
          `The buffers that hold at ${place.facts.at} are written in a way that is not understood.`,
          `Set fastcgi_buffer_size ${inK(wanted)} there by hand, then \`nginx -t && systemctl reload nginx\`.`,
        )
      if (size >= wanted) continue
      edits.push(...editsAt(config, place, needed))
      for (const line of needed.arithmetic) arithmetic.add(line)
    }
    if (edits.length === 0)
      return { kind: 'nothing-to-do', because: `${subject} has room for headers of ${inK(least)}.` }
    const before = inK(Math.min(...sizes.map((size) => size ?? 0)))
    return {
      kind: 'draft',
      because: `Headers of ${subject} get ${inK(wanted)} instead of ${before} (fastcgi_buffer_size).`,
      arithmetic: [...arithmetic],
      clears: [{ diagnosis: 'header-too-big', subject: { kind: 'pool', name: subject } }],
      guards: [],
      ...nginxParts(nginx.value),
      ...together(facts, edits),
    }
  },
})

/** Where the log tells which sites it was, only those; it names them as the configuration does. */
function concerned(facts: HostFacts, pool: PoolFacts, places: readonly PhpPlace[]): readonly PhpPlace[] {
  const service = facts.fpm.find(({ pools }) => pools.includes(pool))
  const errors = service ? recentErrors(facts, service, pool, ['header-too-big']) : []
  const blamed = places.filter(({ serverNames }) =>
    errors.some(({ server }) => server !== null && server !== '' && serverNames.includes(server)),
  )
  return blamed.length > 0 ? blamed : places
}

function settings(levels: NginxLevels) {
  const args = (name: string) => effectiveDirectives(levels, name).at(-1)?.args ?? null
  return {
    bufferSize: args('fastcgi_buffer_size')?.[0] ?? null,
    buffers: args('fastcgi_buffers'),
    busy: args('fastcgi_busy_buffers_size')?.[0] ?? null,
    temporaryWrite: args('fastcgi_temp_file_write_size')?.[0] ?? null,
  }
}

function editsAt(config: NginxConfig, place: PhpPlace, needed: BuffersNeeded): readonly NginxEdit[] {
  const { levels } = place
  const wanted = [
    ...(needed.buffers ? [['fastcgi_buffers', [String(needed.buffers.count), inK(needed.buffers.size)]] as const] : []),
    ...(needed.busy === null ? [] : [['fastcgi_busy_buffers_size', [inK(needed.busy)]] as const]),
    ...(needed.temporaryWrite === null
      ? []
      : [['fastcgi_temp_file_write_size', [inK(needed.temporaryWrite)]] as const]),
  ]
  const main = effectiveDirectives(levels, 'fastcgi_buffer_size').at(-1)
  const size = [inK(needed.bufferSize)]
  // At whatever level the size is raised, what must fit it is raised there or further in: other places inherit both.
  return [
    main ? changeArguments(config, main, size) : addDirective(config, place.directive, 'fastcgi_buffer_size', size),
    ...wanted.map(([name, args]) => {
      const current = effectiveDirectives(levels, name).at(-1)
      if (current && (!main || levelOf(levels, name) >= levelOf(levels, 'fastcgi_buffer_size')))
        return changeArguments(config, current, args)
      return main ? addBeside(config, main, name, args) : addDirective(config, place.directive, name, args)
    }),
  ]
}

function levelOf(levels: NginxLevels, name: string): number {
  return levels.findLastIndex((level) => level.some((directive) => directive.name === name))
}
