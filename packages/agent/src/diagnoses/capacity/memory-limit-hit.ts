/** Requests end as 500, because a script needs more than PHP's memory_limit. */
import type { Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { reloadSteps } from '../../judgement/by-hand.ts'
import { poolFile } from '../../judgement/pool-file.ts'
import { sitesOf } from '../../judgement/same-address.ts'
import { newestMs, standingErrorsOf } from '../../judgement/standing-errors.ts'
import { localTimeMs } from '../../readings/log-time.ts'
import type { NginxErrorEntry } from '../../readings/nginx-error-log.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const recentMs = 5 * 60_000
/** Failing now: often, and until just now. */
const stillMs = 60_000
const oftenEnough = 3

export const memoryLimitHit = defineDiagnosis({
  id: 'memory-limit-hit',
  title: "Scripts run into PHP's memory_limit",
  role: 'cause',
  meaning:
    'A script asked for more than memory_limit, and PHP ended it: "Allowed memory size of … bytes exhausted", answered as ' +
    '500. The worker lives on, and nothing is wrong with the service. A single one is a note; where they go on, or a ' +
    'probe of the site fails with 500, they are the cause.',
  judge: (facts) => facts.fpm.flatMap((service) => service.pools.flatMap((pool) => judgePool(facts, service, pool))),
})

function judgePool(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly Finding[] {
  // A limit that was raised since needed a load of FPM.
  const fatals = standingErrorsOf(facts, pool, ['php-fatal'], recentMs).filter(
    ({ localTime }) => localTimeMs(localTime) >= (service.loadedAtMs ?? 0),
  )
  const hits = fatals.filter((entry) => limitBytes(entry) !== null)
  const newest = hits.at(-1)
  if (!service.master || !newest) return []
  const limitMiB = Math.round((limitBytes(newest) ?? 0) / 1024 ** 2)
  const failing = sitesOf(facts, [pool]).flatMap(({ probes }) => probes.filter(({ status }) => status === 500))
  // Where most requests that fail do so for another reason, that one is what to look at.
  const isMostly = hits.length * 2 > fatals.length
  const goesOn = hits.length >= oftenEnough && facts.takenAtMs - newestMs(hits) <= stillMs
  return [
    {
      diagnosis: 'memory-limit-hit',
      role: isMostly && (failing.length > 0 || goesOn) ? 'cause' : 'note',
      subject: { kind: 'pool', name: pool.subject },
      says: `${hits.length === 1 ? 'One request' : `${hits.length} requests`} to ${pool.subject} of the last 5 minutes needed more than PHP's memory_limit of ${limitMiB} MiB and ended as 500.`,
      evidence: [
        { source: 'nginx error log', says: newest.message.slice(0, 300), at: instantOf(newestMs(hits)) },
        ...configured(pool, service),
        ...failing.map(({ site, says }) => ({ source: `request to ${site} through nginx`, says })),
      ],
      remediations: [],
      withoutRemediation:
        'See which script it is (the line above names it) and why it needs so much. Only if it must: set ' +
        `\`php_admin_value[memory_limit] = ${limitMiB * 2}M\` in ${poolFile(service, pool)}, as long as ${pool.maxChildren ?? 'all'} workers of that ` +
        `size fit (\`free -m\`), then ${reloadSteps(service)}.`,
    },
  ]
}

/** By the first fatal error that FPM passes on. Before PHP 8 nothing stands between one message and the next. */
function limitBytes({ message }: NginxErrorEntry): number | null {
  const said =
    /^FastCGI sent in stderr: "[^]*?PHP message: PHP (?:Fatal|Parse) error: {1,2}(?:Allowed memory size of (\d+) bytes exhausted)?/.exec(
      message,
    )
  return said?.[1] === undefined ? null : Number(said[1])
}

function configured({ name }: PoolFacts, { config }: FpmFacts): Finding['evidence'] {
  if (!config.ok) return []
  const entries = config.value.pools.find((pool) => pool.name === name)?.entries ?? []
  const limit = entries.findLast((entry) => entry.key === 'memory_limit')
  return limit ? [{ source: `${limit.path}:${limit.line}`, says: `${limit.name}[memory_limit] = ${limit.value}` }] : []
}
