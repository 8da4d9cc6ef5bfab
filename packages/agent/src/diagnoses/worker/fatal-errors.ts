/** The application ends with fatal errors: 500, not 502. */
import type { Finding } from '@fleetmend/shared'
import { newestEvidence, mostAskedFor, recentErrors, times } from '../../judgement/recent-failures.ts'
import { poolFile } from '../../judgement/pool-file.ts'
import { sitesOf } from '../../judgement/same-address.ts'
import { standingErrors } from '../../judgement/standing-errors.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { forPeople } from '../../readings/bytes.ts'
import type { NginxErrorEntry } from '../../readings/nginx-error-log.ts'
import type { FpmFacts, HostFacts, PoolFacts, SiteFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const failed = 500
/** nginx logs whole seconds, cut off. */
const justNowMs = 1000
/** Below this many requests a share says nothing. */
const enoughRequests = 5

export const fatalErrors = defineDiagnosis({
  id: 'fatal-errors',
  title: 'The application fails with fatal errors',
  role: 'cause',
  meaning:
    'PHP itself ended the script: an uncaught exception, a call to something that is not there, memory_limit, or ' +
    'max_execution_time. The worker lives on and visitors get 500, not 502. PHP-FPM and nginx are well, and no reload ' +
    'or limit of theirs changes it: the fault is in the application or in what it depends on.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  const sites = sitesOf(facts, [pool])
  const fatals = [
    ...recentErrors(facts, service, pool, ['php-fatal']),
    ...(sites.some(answers500) ? cutShort(facts) : []),
  ]
  const newest = fatals.at(-1)
  if (!newest) return []
  const failing = sites.filter((site) => answers500(site) || isMostly500(site))
  const page = mostAskedFor(fatals)
  return [
    {
      diagnosis: 'fatal-errors',
      role: failing.length > 0 ? 'cause' : 'note',
      subject: { kind: 'pool', name: pool.subject },
      says:
        failing.length > 0
          ? `The application behind ${pool.subject} answers 500: ${whatFailed(newest)}.`
          : `${times(fatals.length, 'request')} of the last minutes ended in a fatal error of the application behind ${pool.subject}.`,
      evidence: [
        newestEvidence(
          'nginx error log',
          `${times(fatals.length, 'fatal error')}${page === null ? '' : `, mostly at ${page}`}; the newest: ${whatFailed(newest)}`,
          fatals,
        ),
        ...siteEvidence(facts, [pool]),
        ...failing.flatMap(sharesEvidence),
      ],
      remediations: [],
      withoutRemediation:
        `The application has to be mended. Read the whole message: \`grep -a "PHP Fatal" ${sites[0]?.errorLogs[0] ?? '/var/log/nginx/error.log'} | tail -n 5\`; ` +
        'undo what was deployed last, and see whether what it depends on is there (database, cache, disk: `df -h`). Where the ' +
        `message is about memory or time, memory_limit and max_execution_time can be set for ${pool.subject} in ${poolFile(service, pool)}.`,
    },
  ]
}

/**
 * nginx cuts a line at 2 kB, and what it is about stands at its end: of a long stack trace the beginning is all there
 * is. It can only be taken for the site's where the request just made came to 500.
 */
function cutShort(facts: HostFacts): readonly NginxErrorEntry[] {
  return standingErrors(facts, ['php-fatal'], justNowMs).filter(({ upstream }) => upstream === null)
}

function answers500({ probes }: SiteFacts): boolean {
  return probes.some(({ over, status }) => over === 'http' && status === failed)
}

function isMostly500({ requests }: SiteFacts): boolean {
  return requests.ok && requests.value.total >= enoughRequests && countOf500({ requests }) * 2 > requests.value.total
}

function countOf500({ requests }: Pick<SiteFacts, 'requests'>): number {
  return requests.ok ? (requests.value.byStatus.get(failed) ?? 0) : 0
}

function sharesEvidence(site: SiteFacts) {
  const { requests, accessLogs } = site
  if (!requests.ok || countOf500(site) === 0) return []
  return [
    { source: accessLogs.join(', '), says: `${countOf500(site)} of the last ${requests.value.total} requests got 500` },
  ]
}

/** PHP's own sentence, on one line; it is the application's text and only shown. */
function whatFailed({ message }: NginxErrorEntry): string {
  const said = /PHP message: PHP (?:Fatal|Parse) error: +(?:Uncaught )?([^\n]*)/.exec(message)?.[1] ?? 'a fatal error'
  const plain = forPeople(said)
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replace(/["'. ]+$/, '')
  return plain.length > 200 ? `${plain.slice(0, 200)} …` : plain
}
