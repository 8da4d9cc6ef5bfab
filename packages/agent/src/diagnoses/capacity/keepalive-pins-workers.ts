/** Connections that nginx keeps open each hold a worker of PHP that nobody else can use. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { keptConnectionsTo } from '../../judgement/kept-connections.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const keepalivePinsWorkers = defineDiagnosis({
  id: 'keepalive-pins-workers',
  title: 'Idle connections hold the workers of PHP',
  role: 'cause',
  meaning:
    'With `fastcgi_keep_conn on` and `keepalive N` in the upstream group, each worker of nginx keeps N connections open, and ' +
    'a worker of PHP serves one connection at a time: it waits for a next request that may never come, while others ' +
    'queue. With fewer kept connections than workers of PHP it is a waste; with as many, the pool stands still without any ' +
    'work to do. More workers only move the point.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  const allowed = facts.capacity.nginx
  const kept = keptConnectionsTo(facts, pool)
  const { maxChildren, workers } = pool
  if (!service.master || !kept || maxChildren === null || !allowed) return []
  const nginxWorkers = Math.max(1, facts.nginx.workerPids.length)
  const held = facts.capacity.fpm.get(service.service)?.held.get(pool.name) ?? 0
  const waits = pool.queue.ok && Math.min(...pool.queue.value.waiting) > 0
  const isFull = workers.length >= maxChildren
  const isPinned = waits && isFull && held * 2 >= maxChildren
  if (!isPinned && kept.perWorker * nginxWorkers < maxChildren) return []
  const finding = { diagnosis: 'keepalive-pins-workers', subject: { kind: 'pool', name: pool.subject } } as const
  return [
    {
      ...finding,
      role: isPinned ? 'cause' : 'risk',
      says: isPinned
        ? `${held} of the ${workers.length} workers of ${pool.subject} wait on idle connections that nginx keeps open, while requests queue.`
        : `nginx may keep ${kept.perWorker * nginxWorkers} idle connections to ${pool.subject}, as many as it has workers or more (${maxChildren}).`,
      evidence: [
        { source: kept.setAt, says: `keepalive ${kept.perWorker}, for each of ${nginxWorkers} workers of nginx` },
        { source: kept.keptBy, says: 'fastcgi_keep_conn on' },
        ...pinnedEvidence(pool, held),
      ],
      remediations: [{ id: 'disable-fastcgi-keepalive', input: { pool: pool.subject } }],
    },
  ]
}

function pinnedEvidence({ queue, listen, name }: PoolFacts, held: number): readonly Evidence[] {
  return [
    ...(held > 0
      ? [
          {
            source: `/proc of the processes "php-fpm: pool ${name}"`,
            says: `${held} stand in read() on a connection of nginx`,
          },
        ]
      : []),
    ...(queue.ok && Math.min(...queue.value.waiting) > 0
      ? [
          {
            source: `ss -lxn and -ltn, ${listen}`,
            says: `waiting in ${queue.value.waiting.length} looks: ${queue.value.waiting.join(', ')}`,
          },
        ]
      : []),
  ]
}
