/** FPM ends workers whose request has taken longer than request_terminate_timeout. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { alignmentOf, alignmentSuggestion } from '../../judgement/align-timeouts.ts'
import { poolDirective } from '../../judgement/pool-directive.ts'
import {
  enoughToBlame,
  isTogether,
  mostAskedFor,
  newestEvidence,
  recentEntries,
  recentErrors,
  resetsBeside,
  times,
} from '../../judgement/recent-failures.ts'
import { sitesOf } from '../../judgement/same-address.ts'
import { terminations } from '../../judgement/terminations.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const hardTimeoutExit = 124

export const terminatedByTimeout = defineDiagnosis({
  id: 'terminated-by-timeout',
  title: 'FPM ends requests that take too long',
  role: 'cause',
  meaning:
    'request_terminate_timeout counts from when a worker begins with a request. When it is over FPM kills the worker, ' +
    'and the visitor gets 502 "(104: Connection reset by peer)", as for a crash; only the FPM log tells the two apart. ' +
    'The script is too slow for the limit, or the limit is too short for what the script has to do.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  const ended = terminations(facts, service, pool)
  if (!service.log.ok) return []
  if (ended.length === 0) return judgeHardTimeout(facts, service, pool, service.log.value.path)
  const resets = resetsBeside(facts, service, pool, ended)
  // Where nginx had given up before, nobody waited for it any more. Another host's nginx logs there.
  const isFelt = resets.count > 0 || sitesOf(facts, [pool]).length === 0
  const limit = poolDirective(service, pool, 'request_terminate_timeout')
  const limitSays = limit ? `request_terminate_timeout = ${limit.value}` : 'request_terminate_timeout'
  const evidence: Evidence[] = [
    newestEvidence(
      service.log.value.path,
      `${times(ended.length, 'worker')} terminated for time and then ended by SIGTERM, after ${Math.min(...ended.map(({ seconds }) => seconds)).toFixed(1)} s and more`,
      ended,
    ),
    ...(limit ? [{ source: `${limit.path}:${limit.line}`, says: limitSays }] : []),
    ...resets.evidence,
  ]
  return [
    {
      diagnosis: 'terminated-by-timeout',
      role: isFelt && ended.length >= enoughToBlame ? 'cause' : 'note',
      subject: { kind: 'pool', name: pool.subject },
      says: `FPM ended ${times(ended.length, 'request')} of ${pool.subject} in the last minutes, because they took longer than ${limitSays}.`,
      evidence,
      ...alignmentSuggestion(alignmentOf(facts, service, pool), pool),
    },
  ]
}

/**
 * PHP's own limit of the last resort: max_execution_time was over, and hard_timeout seconds later the worker was still
 * inside of one function, so that it ended itself with exit code 124.
 */
function judgeHardTimeout(facts: HostFacts, service: FpmFacts, pool: PoolFacts, log: string): readonly Finding[] {
  const ended = recentEntries(facts, service, pool).filter(
    (entry) => entry.event === 'child-exited' && entry.code === hardTimeoutExit,
  )
  const resets = recentErrors(facts, service, pool, ['reset-before-header', 'reset-after-header']).filter((reset) =>
    ended.some((each) => isTogether(each, reset)),
  )
  if (ended.length === 0 || resets.length === 0) return []
  const page = mostAskedFor(resets)
  return [
    {
      diagnosis: 'terminated-by-timeout',
      role: ended.length >= enoughToBlame ? 'cause' : 'note',
      subject: { kind: 'pool', name: pool.subject },
      says: `PHP ended ${times(ended.length, 'worker')} of ${pool.subject} in the last minutes, because max_execution_time was over and the script could not be interrupted.`,
      evidence: [
        newestEvidence(log, `${times(ended.length, 'worker')} ended with exit code 124 (hard_timeout)`, ended),
        newestEvidence(
          'nginx error log',
          `${times(resets.length, 'request')} reset at those moments (104)${page === null ? '' : `, mostly ${page}`}`,
          resets,
        ),
      ],
      remediations: [],
      withoutRemediation:
        'Mend what makes the page compute so long in one function of PHP. Where the work is meant to take so long, let that ' +
        'script say so itself: `set_time_limit(SECONDS)`; hard_timeout of php.ini is what PHP waits beyond that. ' +
        `See what holds now: \`${service.binary} -i | grep -E "max_execution_time|hard_timeout"\`.`,
    },
  ]
}
