/** What visitors of a proxied place met in the last minutes, as nginx that runs now has logged it. */
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import { isLoggedAs } from '../readings/nginx-upstream-address.ts'
import type { HostFacts, ProxyPassFacts } from '../survey/host-facts.ts'
import { recentMs } from './recent-failures.ts'
import { standingErrors } from './standing-errors.ts'

/** Lines that name a backend which this `proxy_pass` of the configuration leads to. */
export function backendErrors(
  facts: HostFacts,
  pass: ProxyPassFacts,
  kinds: readonly NginxErrorEntry['kind'][],
): readonly NginxErrorEntry[] {
  return standingErrors(facts, kinds, recentMs).filter(
    ({ upstream }) =>
      /^https?:/.test(upstream ?? '') && pass.backends.some(({ address }) => isLoggedAs(upstream ?? '', address)),
  )
}

/** The backends of a pass, as a person writes them. */
export function backendsOf({ backends }: ProxyPassFacts): string {
  return backends.map(({ address }) => address.replace(/^tcp:/, '')).join(', ')
}

/** Several locations of a site often lead to one server. */
export function distinctPasses(passes: readonly ProxyPassFacts[]): readonly ProxyPassFacts[] {
  return [...new Map(passes.map((pass) => [backendsOf(pass), pass])).values()]
}
