/** A pool had all of its workers busy lately; it has room again now. */
import type { Finding } from '@fleetmend/shared'
import { atLimitLately } from '../../judgement/at-limit-lately.ts'
import { instantOf } from '../../judgement/instant.ts'
import { sitesOf } from '../../judgement/same-address.ts'
import { localTimeMs } from '../../readings/log-time.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const poolUndersized = defineDiagnosis({
  id: 'pool-undersized',
  title: 'The pool was at its limit lately',
  role: 'risk',
  meaning:
    'FPM logged "reached max_children" within the last hour, for the size the pool still has, and there are no requests ' +
    'waiting now. The next peak of that kind makes visitors wait. FPM says it once in an episode, and sometimes with idle ' +
    'workers left; for pm = static it never does.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  if (!service.master || !service.log.ok || sitesOf(facts, [pool]).length === 0) return []
  if (!pool.queue.ok || Math.min(...pool.queue.value.waiting) > 0) return []
  const { path } = service.log.value
  const reached = atLimitLately(facts, service, pool)
  const newest = reached.at(-1)
  if (!newest) return []
  return [
    {
      diagnosis: 'pool-undersized',
      role: 'risk',
      subject: { kind: 'pool', name: pool.subject },
      says: `${pool.subject} had all of its ${pool.maxChildren} workers in use lately, ${reached.length === 1 ? 'once' : `${reached.length} times`} within an hour.`,
      evidence: [
        { source: path, says: newest.text, at: instantOf(localTimeMs(newest.localTime)) },
        { source: `ss -lxn and -ltn, ${pool.listen}`, says: 'nothing waits now' },
      ],
      remediations: [{ id: 'tune-pool', input: { pool: pool.subject } }],
    },
  ]
}
