/** Requests that FPM's slow log caught in the last minutes. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { poolDirective } from '../../judgement/pool-directive.ts'
import { newestEvidence, recentEntries, recentMs, times } from '../../judgement/recent-failures.ts'
import { forPeople } from '../../readings/bytes.ts'
import type { FpmLogEntry } from '../../readings/fpm-log.ts'
import { localTimeMs } from '../../readings/log-time.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

type Slow = FpmLogEntry & { readonly event: 'slow' }

export const slowRequests = defineDiagnosis({
  id: 'slow-requests',
  title: 'Some requests are slow',
  role: 'note',
  meaning:
    'The slow log is on (request_slowlog_timeout), and requests of the last minutes took longer than it allows. They were ' +
    'answered, or still may be: it is no failure by itself. Each record shows where the script was at that moment; what ' +
    'stands first in most of them is what to look at. Each slow request holds a worker.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  const slow = recentEntries(facts, service, pool).filter((entry): entry is Slow => entry.event === 'slow')
  if (slow.length === 0 || !service.log.ok) return []
  const limit = poolDirective(service, pool, 'request_slowlog_timeout')
  return [
    {
      diagnosis: 'slow-requests',
      role: 'note',
      subject: { kind: 'pool', name: pool.subject },
      says: `${times(slow.length, 'request')} of ${pool.subject} took longer than ${limit ? limit.value : 'the slow log allows'} in the last minutes.`,
      evidence: [
        newestEvidence(service.log.value.path, `${times(slow.length, 'line')} "executing too slow"`, slow),
        ...traceEvidence(facts, pool),
      ],
      remediations: [],
      withoutRemediation: `Nothing has failed. Read the records, and look at what stands first in most of them: \`tail -n 60 ${pool.slowLog.ok ? pool.slowLog.value.path : '/var/log/*slow*'}\`.`,
    },
  ]
}

/** Where most of the records of the last minutes were; names of the application's files, for people to read. */
function traceEvidence(facts: HostFacts, pool: PoolFacts): readonly Evidence[] {
  if (!pool.slowLog.ok) return []
  const { path, records } = pool.slowLog.value
  const recent = records.filter(
    (each) => each.pool === pool.name && localTimeMs(each.localTime) >= facts.takenAtMs - recentMs,
  )
  const frames = recent.flatMap((record) => record.frames.slice(0, 1))
  const [most] = [...Map.groupBy(frames, (frame) => frame)].toSorted(([, a], [, b]) => b.length - a.length)
  if (!most) return []
  const [frame, at] = most
  return [
    { source: path, says: `${at.length} of ${times(recent.length, 'record')} in ${forPeople(frame).slice(0, 200)}` },
  ]
}
