/** Every worker of a pool is busy, and requests wait for one. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { sitesOf } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { kernelLimit, triesAway, turnsAway } from '../../judgement/turned-away.ts'
import { localTimeMs } from '../../readings/log-time.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const poolExhausted = defineDiagnosis({
  id: 'pool-exhausted',
  title: 'The pool is out of workers',
  role: 'cause',
  meaning:
    "pm.max_children workers exist, all are busy, and connections wait in the listener's queue. Visitors see slow pages, " +
    'then 504 after fastcgi_read_timeout; 502 "(11: Resource temporarily unavailable)" only when the queue itself is ' +
    'full. The proof is the kernel\'s queue: the status page always shows 0 for unix sockets, and "reached ' +
    'pm.max_children" in the log is history, never written for pm = static.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  if (!service.master || !pool.queue.ok || pool.maxChildren === null) return []
  if (pool.workers.length < pool.maxChildren) return []
  // A queue in every sample is saturation; one that some sample finds empty was a burst that the pool absorbed, or is so
  // short that those who wait are outside of it.
  const leastWaiting = Math.min(...pool.queue.value.waiting)
  const outside = pool.connections.held >= pool.workers.length ? triesAway(facts, pool) : 0
  if (leastWaiting === 0 && outside === 0) return []
  const newest = (pool.queue.value.waiting.at(-1) ?? leastWaiting) + outside
  return [
    {
      diagnosis: 'pool-exhausted',
      role: 'cause',
      subject: { kind: 'pool', name: pool.subject },
      says: `All ${pool.workers.length} workers of ${pool.subject} are busy, and ${newest} ${newest === 1 ? 'request waits' : 'requests wait'} for one.`,
      evidence: [
        ...queueEvidence(pool),
        ...logEvidence(service, pool),
        ...nginxEvidence(facts, pool),
        ...siteEvidence(facts, [pool]),
      ],
      remediations: [
        { id: 'tune-pool', input: { pool: pool.subject } },
        // It takes a restart, so only where more workers alone would not do: over TCP what finds no room is dropped, and
        // nobody is told.
        ...(turnsAway(facts, pool) && isShorterThanPool(pool) && kernelLimit(facts, pool) === null
          ? [{ id: 'raise-backlog', input: { pool: pool.subject } }]
          : []),
      ],
    },
  ]
}

/** A queue that holds fewer than there are workers runs over whenever as many requests come at once as could be served. */
function isShorterThanPool({ queue, maxChildren }: PoolFacts): boolean {
  return queue.ok && queue.value.limit !== null && maxChildren !== null && queue.value.limit < maxChildren
}

function queueEvidence(pool: PoolFacts): readonly Evidence[] {
  if (!pool.queue.ok) return []
  const { waiting, limit } = pool.queue.value
  const evidence: Evidence[] = [
    {
      source: `ss -lxn and -ltn, ${pool.listen ?? ''}`,
      says: `waiting in ${waiting.length} looks: ${waiting.join(', ')}${limit === null ? '' : ` (room for ${limit})`}`,
    },
    {
      source: `processes "php-fpm: pool ${pool.name}"`,
      says: `${pool.workers.length} workers, pm.max_children = ${pool.maxChildren} (pm = ${pool.processManager})`,
    },
  ]
  if (pool.status.ok) {
    evidence.push({
      source: 'FPM status page',
      says: `active ${pool.status.value.active}, idle ${pool.status.value.idle}, total ${pool.status.value.total}`,
    })
  }
  return evidence
}

function logEvidence(service: FpmFacts, pool: PoolFacts): readonly Evidence[] {
  if (!service.log.ok) return []
  const { path, entries } = service.log.value
  const entry = entries.findLast((each) => each.event === 'max-children' && each.pool === pool.name)
  return entry ? [{ source: path, says: entry.text, at: instantOf(localTimeMs(entry.localTime)) }] : []
}

/** Requests that ran into fastcgi_read_timeout lately, counted; what they asked for is the visitor's text, not ours. */
function nginxEvidence(facts: HostFacts, pool: PoolFacts): readonly Evidence[] {
  const upstreams = sitesOf(facts, [pool]).flatMap((site) => site.upstreams)
  if (upstreams.length === 0) return []
  const since = facts.takenAtMs - recentMs
  const late = facts.nginx.errors.filter((entry) => isWaiting.has(entry.kind) && localTimeMs(entry.localTime) >= since)
  if (late.length === 0) return []
  return [
    {
      source: 'nginx error log',
      says: `${late.length} requests of the last 5 minutes got no answer in time or found the queue full`,
    },
  ]
}

const recentMs = 5 * 60_000
const isWaiting: ReadonlySet<string> = new Set([
  'timed-out-reading-header',
  'timed-out-connecting',
  'connect-backlog-full',
])
