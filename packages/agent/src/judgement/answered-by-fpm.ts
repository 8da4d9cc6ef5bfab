/**
 * Whether a site's visitors get an answer that FPM itself gives instead of a page (404, 403). Scanners ask every host for
 * scripts that it does not have, so that lines of the log alone prove nothing: its front page has to be answered so
 * now, or most requests of the last minutes.
 */
import type { Evidence } from '@fleetmend/shared'
import { localTimeMs } from '../readings/log-time.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { FpmFacts, HostFacts, PoolFacts, SiteFacts } from '../survey/host-facts.ts'
import { mostAskedFor, newestEvidence, recentErrors, times } from './recent-failures.ts'
import { sitesOf } from './same-address.ts'

const enoughRequests = 10

export interface AnsweredByFpm {
  readonly site: SiteFacts
  readonly evidence: readonly Evidence[]
}

export function answeredByFpm(
  facts: HostFacts,
  service: FpmFacts,
  pool: PoolFacts,
  { kind, status }: { readonly kind: NginxErrorEntry['kind']; readonly status: number },
): readonly AnsweredByFpm[] {
  const errors = recentErrors(facts, service, pool, [kind])
  if (errors.length === 0 || !service.master) return []
  const page = mostAskedFor(errors)
  const logged = newestEvidence(
    'nginx error log',
    `${times(errors.length, 'request')}${page === null ? '' : `, mostly ${page}`}: ${fpmSays(errors)}`,
    errors,
  )
  return sitesOf(facts, [pool]).flatMap((site) => {
    const probe = site.probes.find((each) => each.over === 'http' && each.status === status)
    // The request just made has left its own line, with the name it asked by.
    const own = errors.some(
      (entry) => entry.host === site.serverName && localTimeMs(entry.localTime) >= facts.takenAtMs - 1000,
    )
    const shares = isMostly(site, status) ? [shareEvidence(site, status)] : []
    if (!(probe && own) && shares.length === 0) return []
    return [
      {
        site,
        evidence: [
          logged,
          ...(probe && own ? [{ source: `request to ${site.serverName} through nginx`, says: probe.says }] : []),
          ...shares,
        ],
      },
    ]
  })
}

/** FPM's sentence without the paths in it, which visitors choose. */
function fpmSays(errors: readonly NginxErrorEntry[]): string {
  const said = errors.at(-1)?.message ?? ''
  if (said.includes('security.limit_extensions'))
    return '"Access to the script … has been denied (see security.limit_extensions)"'
  return said.includes('Unable to open primary script') ? '"Unable to open primary script"' : '"Primary script unknown"'
}

function isMostly({ requests }: SiteFacts, status: number): boolean {
  if (!requests.ok || requests.value.total < enoughRequests) return false
  return (requests.value.byStatus.get(status) ?? 0) * 2 > requests.value.total
}

function shareEvidence({ requests, accessLogs }: SiteFacts, status: number): Evidence {
  const { total, byStatus } = requests.ok ? requests.value : { total: 0, byStatus: new Map<number, number>() }
  return {
    source: accessLogs.join(', '),
    says: `${byStatus.get(status) ?? 0} of the last ${total} requests got ${status}`,
  }
}
