/** Which failed probes mean that visitors fail: not those of a server that nginx asks only where another one answers. */
import type { SiteProbe } from '@fleetmend/shared'
import type { HostFacts } from '../survey/host-facts.ts'
import { failsOverHttp, isLatent, isSpared } from './upstream-obstacle.ts'

export function failingProbes(facts: HostFacts, probes: readonly SiteProbe[]): readonly SiteProbe[] {
  return probes.filter((probe) => !probe.passed && !isHarmless(facts, probe))
}

/** Nobody is sent to that address alone, or nginx has not loaded yet that anybody should be. */
function isHarmless(facts: HostFacts, { over, upstream, site }: SiteProbe): boolean {
  if (over !== 'fastcgi' || failsOverHttp(facts, site)) return false
  const known = facts.nginx.upstreams.find(({ address }) => address === upstream)
  return known !== undefined && (isSpared(facts, known.address) || isLatent(facts, known.address))
}
