/** The listener's queue is full, and nginx turns requests away. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { newestMs } from '../../judgement/standing-errors.ts'
import {
  errorsAway,
  isShortQueue,
  kernelLimit,
  kernelLimitSteps,
  probesAway,
  triesAway,
  turnsAway,
} from '../../judgement/turned-away.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const backlogFull = defineDiagnosis({
  id: 'backlog-full',
  title: "The pool's queue is full",
  role: 'cause',
  meaning:
    'Connections wait in the queue of the listener (listen.backlog) until a worker takes them. When a unix socket has no ' +
    'room left, connecting fails at once: 502 "(11: Resource temporarily unavailable)"; on TCP it takes until ' +
    'fastcgi_connect_timeout and is a 504. Mostly the workers are the reason, and this follows; a queue made too small ' +
    'turns requests away in any burst. A reload does not change it: the socket is inherited as it is.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  if (!service.master || !turnsAway(facts, pool)) return []
  const { subject } = pool
  const room = pool.queue.ok && pool.queue.value.limit !== null ? ` of ${pool.queue.value.limit}` : ''
  return [
    {
      diagnosis: 'backlog-full',
      role: 'cause',
      subject: { kind: 'pool', name: subject },
      says: `The queue${room} of ${subject} is full, and nginx turns requests away.`,
      evidence: [
        ...queueEvidence(pool),
        ...triesEvidence(facts, pool),
        ...errorEvidence(facts, pool),
        ...probeEvidence(facts, pool),
      ],
      ...whatToDo(facts, service, pool),
    },
  ]
}

/** A queue of the usual length that is full has too few workers behind it. */
function whatToDo(
  facts: HostFacts,
  { service }: FpmFacts,
  pool: PoolFacts,
): Pick<Finding, 'remediations' | 'withoutRemediation'> {
  if (kernelLimit(facts, pool) !== null) return { remediations: [], withoutRemediation: kernelLimitSteps(service) }
  return {
    remediations: [
      ...(isShortQueue(pool) ? [{ id: 'raise-backlog', input: { pool: pool.subject } }] : []),
      // A longer queue in front of workers that are all busy only lets visitors wait where they were turned away.
      ...(isBusy(pool) ? [{ id: 'tune-pool', input: { pool: pool.subject } }] : []),
    ],
    withoutRemediation:
      `Set listen.backlog = 511 for ${pool.name}, see that net.core.somaxconn is no smaller, and restart ` +
      `${service}: a reload keeps the old queue.`,
  }
}

function isBusy({ workers, maxChildren, queue, connections }: PoolFacts): boolean {
  const mostWaiting = queue.ok ? Math.max(0, ...queue.value.waiting) : 0
  return workers.length === maxChildren && (mostWaiting > 0 || connections.held >= workers.length)
}

function queueEvidence({ queue, listen }: PoolFacts): readonly Evidence[] {
  if (!queue.ok) return []
  const { waiting, limit } = queue.value
  return [
    {
      source: `ss -lxn and -ltn, ${listen}`,
      says: `waiting in ${waiting.length} looks: ${waiting.join(', ')} (room for ${limit})`,
    },
  ]
}

function triesEvidence(facts: HostFacts, pool: PoolFacts): readonly Evidence[] {
  const tries = triesAway(facts, pool)
  if (tries === 0) return []
  const says = `${tries} ${tries === 1 ? 'connection' : 'connections'} of the last two seconds found no room and will try again; workers hold ${pool.connections.held}`
  return [{ source: `/proc/net/tcp, ${pool.listen}`, says }]
}

function errorEvidence(facts: HostFacts, pool: PoolFacts): readonly Evidence[] {
  const errors = errorsAway(facts, pool)
  const newest = errors.at(-1)
  if (!newest) return []
  const says = `${errors.length} ${errors.length === 1 ? 'request' : 'requests'} of the last minutes: ${newest.message}`
  return [{ source: 'nginx error log', says, at: instantOf(newestMs(errors)) }]
}

function probeEvidence(facts: HostFacts, pool: PoolFacts): readonly Evidence[] {
  return probesAway(facts, pool).map(({ site, says }) => ({
    source: `FastCGI request as nginx makes it, for ${site}`,
    says,
  }))
}
