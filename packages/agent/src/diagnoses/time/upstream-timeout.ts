/** nginx gives up on requests before PHP answers: 504. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { alignmentOf, alignmentSuggestion } from '../../judgement/align-timeouts.ts'
import {
  enoughToBlame,
  locationsOf,
  mostAskedFor,
  newestEvidence,
  recentErrors,
  times,
} from '../../judgement/recent-failures.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { forPeople } from '../../readings/bytes.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const upstreamTimeout = defineDiagnosis({
  id: 'upstream-timeout',
  title: 'nginx gives up before PHP answers',
  role: 'cause',
  meaning:
    'nginx waited fastcgi_read_timeout for the next word of PHP and answered 504. Either the script is slower than that, ' +
    'or the request was still waiting for a worker; then the pool is out of workers, and that is the cause. The worker ' +
    'goes on with the script although nobody waits for it, unless request_terminate_timeout ends it.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  // While it is down, what it did before is not what fails.
  if (!service.master) return []
  const late = recentErrors(facts, service, pool, ['timed-out-reading-header', 'timed-out-sending'])
  if (late.length === 0) return []
  const page = mostAskedFor(late)
  const limits = limitEvidence(facts, pool)
  const alignment = alignmentOf(facts, service, pool)
  return [
    {
      diagnosis: 'upstream-timeout',
      role: late.length >= enoughToBlame ? 'cause' : 'note',
      subject: { kind: 'pool', name: pool.subject },
      says: `nginx gave up on ${times(late.length, 'request')} to ${pool.subject} in the last minutes (504): PHP had not answered in time.`,
      evidence: [
        newestEvidence(
          'nginx error log',
          `${times(late.length, 'request')} timed out (110) before PHP answered${page === null ? '' : `, mostly ${page}`}`,
          late,
        ),
        ...limits,
        ...slowEvidence(service, pool),
        ...siteEvidence(facts, [pool]),
      ],
      ...(alignment.kind === 'align' && alignment.clears.includes('upstream-timeout')
        ? alignmentSuggestion(alignment, pool)
        : { remediations: [], withoutRemediation: findWhatItWaitsFor(pool) }),
    },
  ]
}

function findWhatItWaitsFor({ subject }: PoolFacts): string {
  return (
    `Find what the page waits for: \`fleetmend-agent plan enable-slowlog --input pool=${subject}\` has FPM write it down. ` +
    'Where the work is meant to take so long: ' +
    `\`fleetmend-agent plan align-timeouts --input pool=${subject} --input limitS=SECONDS\`; while requests wait, they hold a worker.`
  )
}

function limitEvidence(facts: HostFacts, pool: PoolFacts): readonly Evidence[] {
  const limits = locationsOf(facts, pool).map(({ at, readTimeout }) => ({
    source: readTimeout.at ?? at,
    says: `fastcgi_read_timeout ${readTimeout.text}${readTimeout.at === null ? ' (the default)' : ''}`,
  }))
  return [...new Map(limits.map((limit) => [limit.source, limit])).values()].slice(0, 3)
}

function slowEvidence(service: FpmFacts, pool: PoolFacts): readonly Evidence[] {
  const frame = pool.slowLog.ok ? pool.slowLog.value.records.at(-1)?.frames[0] : undefined
  return pool.slowLog.ok && frame !== undefined
    ? [
        {
          source: pool.slowLog.value.path,
          says: `the newest slow request of ${service.service} was in ${forPeople(frame).slice(0, 200)}`,
        },
      ]
    : []
}
