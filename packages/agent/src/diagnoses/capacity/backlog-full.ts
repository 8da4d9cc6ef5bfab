/** The listener's queue is full, and nginx turns requests away. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { newestMs, standingErrorsOf } from '../../judgement/standing-errors.ts'
import { sitesOf } from '../../judgement/same-address.ts'
import { localTimeMs } from '../../readings/log-time.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const recentMs = 2 * 60_000

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
      evidence: [...queueEvidence(pool), ...errorEvidence(facts, pool), ...probeEvidence(facts, pool)],
      remediations: [],
      withoutRemediation:
        `Set listen.backlog = 511 for ${pool.name}, see that net.core.somaxconn is no smaller, and restart ` +
        `${service.service}: a reload keeps the old queue.`,
    },
  ]
}

/** Whether connections to this pool are refused for want of room, now or in the last minutes. */
export function turnsAway(facts: HostFacts, pool: PoolFacts): boolean {
  const isOverfull = pool.queue.ok && Math.min(...pool.queue.value.waiting) > (pool.queue.value.limit ?? Infinity)
  return isOverfull || probesAway(facts, pool).length > 0 || errorsAway(facts, pool).length > 0
}

function errorsAway(facts: HostFacts, pool: PoolFacts) {
  const service = facts.fpm.find(({ pools }) => pools.includes(pool))
  // A longer queue takes a restart, and more workers a reload.
  return standingErrorsOf(facts, pool, ['connect-backlog-full'], recentMs).filter(
    ({ localTime }) => localTimeMs(localTime) >= (service?.loadedAtMs ?? 0),
  )
}

function probesAway(facts: HostFacts, pool: PoolFacts) {
  return sitesOf(facts, [pool]).flatMap(({ probes }) => probes.filter(({ errno }) => errno === 'EAGAIN'))
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
