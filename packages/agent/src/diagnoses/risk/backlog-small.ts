/** The queue of a listener is so short that a small burst is turned away. */
import type { Finding } from '@fleetmend/shared'
import { sitesOf } from '../../judgement/same-address.ts'
import { kernelLimit, kernelLimitSteps, turnsAway } from '../../judgement/turned-away.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

/** PHP's own default is 511, and nobody needs less than a tenth of it. */
const leastRoom = 50

export const backlogSmall = defineDiagnosis({
  id: 'backlog-small',
  title: 'The queue for requests is very short',
  role: 'risk',
  meaning:
    'listen.backlog, or net.core.somaxconn below it, leaves room for only a few connections that wait for a worker. A ' +
    'burst that would have been served a moment later gets 502 "(11: Resource temporarily unavailable)" instead. Waiting ' +
    'room costs nothing. It changes with a restart, not with a reload.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  if (!service.master || !pool.queue.ok) return []
  const { limit } = pool.queue.value
  if (limit === null || limit >= leastRoom) return []
  // A queue that is full now is said by backlog-full.
  if (turnsAway(facts, pool) || sitesOf(facts, [pool]).length === 0) return []
  const set = service.config.ok
    ? service.config.value.pools.find(({ name }) => name === pool.name)?.directives.get('listen.backlog')
    : undefined
  return [
    {
      diagnosis: 'backlog-small',
      role: 'risk',
      subject: { kind: 'pool', name: pool.subject },
      says: `Only ${limit} ${limit === 1 ? 'connection' : 'connections'} can wait for a worker of ${pool.subject}; the next gets 502.`,
      evidence: [
        { source: `ss -lxn and -ltn, ${pool.listen}`, says: `room for ${limit}` },
        set
          ? { source: `${set.path}:${set.line}`, says: `listen.backlog = ${set.value}` }
          : {
              source: service.configPath,
              says: 'listen.backlog is not set: the kernel allows no more (net.core.somaxconn)',
            },
      ],
      ...(kernelLimit(facts, pool) === null
        ? {
            remediations: [{ id: 'raise-backlog', input: { pool: pool.subject } }],
            withoutRemediation:
              `Set listen.backlog = 511 for ${pool.name}, see that net.core.somaxconn is no smaller, and restart ` +
              `${service.service}: a reload keeps the old queue.`,
          }
        : { remediations: [], withoutRemediation: kernelLimitSteps(service.service) }),
    },
  ]
}
