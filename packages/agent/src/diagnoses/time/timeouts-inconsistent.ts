/** nginx stops waiting before FPM stops working. */
import type { Finding } from '@fleetmend/shared'
import { alignmentOf, alignmentSuggestion } from '../../judgement/align-timeouts.ts'
import { poolDirective } from '../../judgement/pool-directive.ts'
import { locationsOf, newestEvidence, recentErrors, times } from '../../judgement/recent-failures.ts'
import { fpmSeconds } from '../../readings/fpm-values.ts'
import { nginxTimeMs } from '../../readings/nginx-values.ts'
import type { FpmFacts, HostFacts, PhpLocationFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const timeoutsInconsistent = defineDiagnosis({
  id: 'timeouts-inconsistent',
  title: 'FPM works on after nginx has given up',
  role: 'risk',
  meaning:
    'request_terminate_timeout is longer than fastcgi_read_timeout, or off: after nginx has answered 504, the worker goes ' +
    'on with a request that nobody waits for. A visitor who presses reload takes the next worker, until none is left. ' +
    'PHP as shipped has no such limit; it is said when a limit contradicts nginx, or when nginx has really given up.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  if (!service.master || !service.config.ok) return []
  const limit = poolDirective(service, pool, 'request_terminate_timeout')
  const limitS = limit ? fpmSeconds(limit.value) : 0
  if (limitS === null) return []
  const shorter = locationsOf(facts, pool).filter(
    ({ readTimeout }) => limitS === 0 || isShorter(readTimeout, limitS * 1000),
  )
  const gaveUp = limitS === 0 ? recentErrors(facts, service, pool, ['timed-out-reading-header']) : []
  const [first] = shorter
  if (!first || (limitS === 0 && gaveUp.length === 0)) return []
  const where = shorter.map(({ at, readTimeout }) => ({
    source: readTimeout.at ?? at,
    says: `fastcgi_read_timeout ${readTimeout.text}${readTimeout.at === null ? ' (the default)' : ''}`,
  }))
  return [
    {
      diagnosis: 'timeouts-inconsistent',
      role: 'risk',
      subject: { kind: 'pool', name: pool.subject },
      says:
        limitS === 0
          ? `Workers of ${pool.subject} go on with requests that nginx has given up on, without any limit.`
          : `Workers of ${pool.subject} may go on for ${limitS} s with requests that nginx gives up on after ${first.readTimeout.text}.`,
      evidence: [
        limit
          ? { source: `${limit.path}:${limit.line}`, says: `request_terminate_timeout = ${limit.value}` }
          : { source: service.configPath, says: 'request_terminate_timeout is not set, so there is no limit' },
        ...new Map(where.map((each) => [each.source, each])).values(),
        ...(gaveUp.length > 0
          ? [
              newestEvidence(
                'nginx error log',
                `${times(gaveUp.length, 'request')} of the last minutes timed out (110)`,
                gaveUp,
              ),
            ]
          : []),
      ],
      ...alignmentSuggestion(alignmentOf(facts, service, pool), pool),
    },
  ]
}

function isShorter(readTimeout: PhpLocationFacts['readTimeout'], limitMs: number): boolean {
  const ms = nginxTimeMs(readTimeout.text)
  return ms !== null && ms < limitMs
}
