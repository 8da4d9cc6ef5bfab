/** What the sites of a pool show right now, as evidence: probes that fail and the newest fitting error line of nginx. */
import type { Evidence } from '@fleetmend/shared'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { sitesOf } from './same-address.ts'

export function siteEvidence(facts: HostFacts, pools: readonly PoolFacts[]): readonly Evidence[] {
  const own = facts.poolProbes.filter(({ site }) => pools.some(({ subject }) => subject === site))
  const failing = [...sitesOf(facts, pools).flatMap(({ probes }) => probes), ...own].filter(({ passed }) => !passed)
  return failing.map((probe) => ({
    source:
      probe.over === 'http'
        ? `request to ${probe.site} through nginx`
        : `FastCGI request as nginx makes it, for ${probe.site}`,
    says: probe.says,
  }))
}
