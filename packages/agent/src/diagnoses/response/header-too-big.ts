/** The response's header is larger than the buffer that nginx has for it. */
import type { Finding } from '@fleetmend/shared'
import {
  enoughToBlame,
  locationsOf,
  mostAskedFor,
  newestEvidence,
  recentErrors,
  times,
} from '../../judgement/recent-failures.ts'
import { nextHeaderBuffer } from '../../judgement/header-buffers.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { nginxBytes } from '../../readings/nginx-values.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const headerTooBig = defineDiagnosis({
  id: 'header-too-big',
  title: "Response headers do not fit nginx's buffer",
  role: 'cause',
  meaning:
    'nginx reads the whole header of a response into one fastcgi_buffer_size, 4 kB by default. Many or long cookies, a ' +
    'long Content-Security-Policy or debug headers do not fit, and the visitor gets 502, for some pages and some people ' +
    'only. The size of the body has nothing to do with it.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  const errors = recentErrors(facts, service, pool, ['header-too-big'])
  if (errors.length === 0 || !service.master) return []
  const buffers = locationsOf(facts, pool).map(({ at, headerBuffer }) => ({
    source: headerBuffer.at ?? at,
    says: `fastcgi_buffer_size ${headerBuffer.text}${headerBuffer.at === null ? ' (the default)' : ''}`,
  }))
  const sizes = locationsOf(facts, pool).flatMap(({ headerBuffer }) => nginxBytes(headerBuffer.text) ?? [])
  const page = mostAskedFor(errors)
  const isCause = errors.length >= enoughToBlame
  const hasMore = nextHeaderBuffer(Math.max(...sizes, 4096)) !== null
  const suggestion = { id: 'raise-header-buffers', input: { pool: pool.subject } }
  return [
    {
      diagnosis: 'header-too-big',
      role: isCause ? 'cause' : 'note',
      subject: { kind: 'pool', name: pool.subject },
      says: `${times(errors.length, 'response')} of ${pool.subject} in the last minutes had a header too big for nginx, and ended as 502.`,
      evidence: [
        newestEvidence(
          'nginx error log',
          `"upstream sent too big header" ${errors.length === 1 ? 'once' : `${errors.length} times`}${page === null ? '' : `, mostly at ${page}`}`,
          errors,
        ),
        ...new Map(buffers.map((buffer) => [buffer.source, buffer])).values(),
        ...siteEvidence(facts, [pool]),
      ],
      ...(isCause && hasMore
        ? { remediations: [suggestion] }
        : { remediations: [], withoutRemediation: hasMore ? waitAndSee(pool) : lookAtThePage }),
    },
  ]
}

function waitAndSee({ subject }: PoolFacts): string {
  return (
    'Once may have been an odd request. If it comes back, look at the headers of that page, cookies first; if they are ' +
    `meant to be so long: \`fleetmend-agent plan raise-header-buffers --input pool=${subject}\`.`
  )
}

const lookAtThePage =
  'There is as much room as anybody should need. See what the page sends: `curl -sD - -o /dev/null URL`, and mend it there: ' +
  'cookies that grow with every visit and debug headers are the usual reason.'
