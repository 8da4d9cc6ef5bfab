/** nginx has no connection left to give. */
import type { Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { nextConnections } from '../../judgement/limits.ts'
import { newestMs, standingErrors } from '../../judgement/standing-errors.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const recentMs = 2 * 60_000

export const nginxConnectionsExhausted = defineDiagnosis({
  id: 'nginx-connections-exhausted',
  title: 'nginx is out of connections',
  role: 'cause',
  meaning:
    'Each worker of nginx may have worker_connections open, those to clients and those to PHP together. When all are ' +
    'taken, a request for PHP is answered 500, and a new client is turned away without any answer: "N ' +
    'worker_connections are not enough". PHP is not asked, and has nothing to do with it.',
  judge,
})

function judge(facts: HostFacts): readonly Finding[] {
  const allowed = facts.capacity.nginx
  if (!allowed || !facts.nginx.master) return []
  const { value, setAt } = allowed.workerConnections
  const errors = standingErrors(facts, ['connections-exhausted'], recentMs).filter(({ message }) =>
    message.startsWith(`${value} worker_connections are not enough`),
  )
  const newest = errors.at(-1)
  if (!newest) return []
  return [
    {
      diagnosis: 'nginx-connections-exhausted',
      role: 'cause',
      subject: { kind: 'service', name: 'nginx' },
      says: `nginx ran out of its ${value} connections per worker ${errors.length === 1 ? 'once' : `${errors.length} times`} in the last 2 minutes, and turns requests away.`,
      evidence: [
        { source: 'nginx error log', says: newest.message, at: instantOf(newestMs(errors)) },
        {
          source: setAt ?? allowed.configPath,
          says: setAt ? `worker_connections ${value}` : `worker_connections is not set, so it is ${value}`,
        },
      ],
      ...(nextConnections(allowed) === null
        ? { remediations: [], withoutRemediation: whoHoldsThem }
        : { remediations: [{ id: 'raise-limits', input: { service: 'nginx', limit: 'connections' } }] }),
    },
  ]
}

const whoHoldsThem =
  'There are more than anybody should need. See who holds them: ' +
  "`ss -tn state established '( sport = :80 or sport = :443 )' | awk '{print $4}' | sort | uniq -c | sort -rn | head`. " +
  'If clients do without need, shorten keepalive_timeout, then `nginx -t && systemctl reload nginx`.'
