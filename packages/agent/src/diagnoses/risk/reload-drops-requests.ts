/** A reload of this FPM kills every request in flight, because nothing gives workers time to finish. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { sitesOf } from '../../judgement/same-address.ts'
import type { FpmLogEntry } from '../../readings/fpm-log.ts'
import { fpmSeconds } from '../../readings/fpm-values.ts'
import { loggedUpstreamAddress } from '../../readings/nginx-upstream-address.ts'
import { localTimeMs } from '../../readings/log-time.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const reloadDropsRequests = defineDiagnosis({
  id: 'reload-drops-requests',
  title: 'Every reload drops the requests in flight',
  role: 'risk',
  meaning:
    "process_control_timeout is 0, PHP's default: on a reload, workers get SIGQUIT and, a moment later, SIGTERM. Requests " +
    'in flight end as 502 "(104: Connection reset by peer)", and the FPM log shows only the reload. It is a risk until ' +
    'somebody, or a cron job, reloads under load; where resets of the last minutes fall on reloads, it is the cause.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  if (!service.config.ok || !service.master) return []
  const directive = service.config.value.global.get('process_control_timeout')
  const graceS = directive ? (fpmSeconds(directive.value) ?? 0) : 0
  const loaded = isLoaded(service)
  if (graceS > 0 && loaded) return []
  const deaths = deathsAtReloads(facts, service)
  const setting: Evidence = directive
    ? {
        source: `${directive.path}:${directive.line}`,
        says: `process_control_timeout = ${directive.value}${graceS > 0 ? ', not loaded yet' : ''}`,
      }
    : { source: service.configPath, says: 'process_control_timeout is not set, so it is 0' }
  return [
    {
      diagnosis: 'reload-drops-requests',
      role: deaths.length > 0 ? 'cause' : 'risk',
      subject: { kind: 'service', name: service.service },
      says: sentence(service.service, deaths),
      evidence: [setting, ...deaths.slice(-3).map((death) => deathEvidence(death))],
      remediations: [{ id: 'make-reload-graceful', input: { service: service.service } }],
    },
  ]
}

/** The log tells the load to the second, so an edit within the same second counts as loaded. */
function isLoaded({ configModifiedMs, loadedAtMs }: FpmFacts): boolean {
  return configModifiedMs !== null && loadedAtMs !== null && configModifiedMs <= loadedAtMs + 1000
}

interface Death {
  readonly reloadMs: number
  readonly requests: number
}

const recentMs = 10 * 60_000
/** nginx and FPM log whole seconds, and the reset follows the signal at once. */
const togetherMs = 2000

/** Recent reloads with the requests nginx saw reset at that moment, on the sites of this FPM. */
function deathsAtReloads(facts: HostFacts, service: FpmFacts): readonly Death[] {
  if (!service.log.ok) return []
  const since = facts.takenAtMs - recentMs
  const { entries } = service.log.value
  const reloads = entries
    .filter((entry, i) => entry.event === 'reloading' && wasSurvived(entries, i))
    .map((entry) => localTimeMs(entry.localTime))
    .filter((ms) => ms >= since)
  const upstreams = sitesOf(facts, service.pools).flatMap((site) => site.upstreams)
  const resets = facts.nginx.errors
    .filter((entry) => entry.kind === 'reset-before-header' || entry.kind === 'reset-after-header')
    .filter((entry) => upstreams.some((upstream) => upstream === loggedUpstreamAddress(entry.upstream ?? '')))
    .map((entry) => localTimeMs(entry.localTime))
  return [...new Set(reloads)]
    .map((reloadMs) => ({ reloadMs, requests: resets.filter((ms) => Math.abs(ms - reloadMs) <= togetherMs).length }))
    .filter((death) => death.requests > 0)
}

/**
 * A reload that killed the master is another fault. After one that it survived the new image takes over the sockets
 * ("using inherited socket"), which a start from nothing does not.
 */
function wasSurvived(entries: readonly FpmLogEntry[], reload: number): boolean {
  const ready = entries.findIndex((entry, i) => i > reload && entry.event === 'ready')
  return entries
    .slice(reload, ready < 0 ? undefined : ready)
    .some((entry) => entry.text.startsWith('using inherited socket'))
}

function sentence(service: string, deaths: readonly Death[]): string {
  if (deaths.length === 0) return `A reload of ${service} would kill every request in flight.`
  const lost = deaths.reduce((sum, death) => sum + death.requests, 0)
  const times = deaths.length === 1 ? 'the last reload' : `the last ${deaths.length} reloads`
  return `${lost} ${lost === 1 ? 'request' : 'requests'} died at ${times} of ${service}, because workers get no time to finish.`
}

function deathEvidence({ reloadMs, requests }: Death): Evidence {
  return {
    source: 'FPM log "Reloading in progress" beside nginx "(104: Connection reset by peer)"',
    says: `a reload, and ${requests} ${requests === 1 ? 'request' : 'requests'} reset within ${togetherMs / 1000} s of it`,
    at: instantOf(reloadMs),
  }
}
