/** Sites that nginx still serves from an address that its configuration no longer names. */
import { loggedUpstreamAddress } from '../readings/nginx-upstream-address.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { PassFacts } from '../survey/address-facts.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { answers, failsOverHttp, isRecent, isUnloaded } from './upstream-obstacle.ts'

export interface StaleSite {
  readonly pass: PassFacts
  readonly errors: readonly NginxErrorEntry[]
  readonly loadedAtMs: number
  readonly changedMs: number
}

/**
 * The site fails, every address that its configuration names answers, that configuration is newer than nginx's workers,
 * and nginx logs that it cannot connect to an address that is not among them.
 */
export function loggedElsewhere(facts: HostFacts): readonly StaleSite[] {
  const { loadedAtMs, passes } = facts.nginx
  if (loadedAtMs === null) return []
  return [...Map.groupBy(passes, ({ site }) => site)].flatMap(([site, own]) => {
    const named = own.flatMap(({ peers }) => peers)
    const pass = own.find((each) => isUnloaded(facts, each))
    const areFine = named.length > 0 && named.every(({ address, isDown }) => isDown || answers(facts, address))
    if (!pass || !areFine || !failsOverHttp(facts, site)) return []
    const names = new Set(named.map(({ logged }) => logged))
    const errors = facts.nginx.errors.filter((entry) => {
      const logged = entry.upstream === null ? null : loggedUpstreamAddress(entry.upstream)
      const isItsOwn = facts.nginx.passes.every(
        (each) => each.site === site || !each.peers.some((peer) => peer.logged === logged),
      )
      return (
        entry.kind.startsWith('connect-') &&
        logged !== null &&
        isItsOwn &&
        !names.has(logged) &&
        isRecent(facts, entry.localTime)
      )
    })
    if (errors.length === 0) return []
    const changedMs = Math.max(...[pass, ...pass.peers].map(({ modifiedMs }) => modifiedMs ?? 0))
    return [{ pass, errors, loadedAtMs, changedMs }]
  })
}
