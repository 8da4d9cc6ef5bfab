/** Stop nginx from keeping connections to PHP-FPM open, each of which holds a worker. */
import * as z from 'zod/mini'
import { effectiveDirectives } from '../readings/nginx-inheritance.ts'
import { defineRemediation } from './define.ts'
import { changeArguments, findReloadableNginx, nginxParts, together } from './nginx-parts.ts'
import { noPlaces, phpPlaces } from './php-places.ts'
import { findPool, poolInput } from './service-input.ts'

export const disableFastcgiKeepalive = defineRemediation({
  id: 'disable-fastcgi-keepalive',
  title: 'Keep no idle connections to PHP-FPM',
  meaning:
    'Sets fastcgi_keep_conn to off where it holds for the pool. A worker of PHP serves one connection at a time, so that ' +
    'every connection kept open holds a worker without any work. `keepalive` in the upstream group may stay: without ' +
    'fastcgi_keep_conn PHP closes the connection after each request. Over a unix socket a new one costs next to nothing.',
  disturbs: 'Nothing: a reload of nginx loses no request, and ends idle connections.',
  undone: 'The line is put back as it was, and nginx is reloaded.',
  clears: ['keepalive-pins-workers'],
  byHand: 'Set `fastcgi_keep_conn off;`, see that `nginx -t` passes, then `systemctl reload nginx`.',
  input: z.strictObject({ pool: poolInput }),

  draft(facts, { pool: subject }) {
    const pool = findPool(facts, subject)
    if (!pool.ok) return pool.refused
    const nginx = findReloadableNginx(facts)
    if (!nginx.ok) return nginx.refused
    const config = nginx.value.config.value
    const places = phpPlaces(facts, config, pool.value)
    if (places.length === 0) return noPlaces(subject)
    const keeping = places.flatMap(({ levels }) =>
      effectiveDirectives(levels, 'fastcgi_keep_conn')
        .filter(({ args }) => args[0]?.toLowerCase() === 'on')
        .slice(-1),
    )
    if (keeping.length === 0)
      return {
        kind: 'nothing-to-do',
        because: `nginx keeps no connections to ${subject} open (fastcgi_keep_conn is off).`,
      }
    return {
      kind: 'draft',
      because: `nginx closes its connections to ${subject} after each request, so that no idle one holds a worker.`,
      arithmetic: [],
      clears: [{ diagnosis: 'keepalive-pins-workers', subject: { kind: 'pool', name: subject } }],
      guards: [],
      ...nginxParts(nginx.value),
      ...together(
        facts,
        keeping.map((directive) => changeArguments(config, directive, ['off'])),
      ),
    }
  },
})
