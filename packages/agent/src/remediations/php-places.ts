/** The places of nginx's configuration that hand requests to a pool: what a remediation for that pool has to edit. */
import { locationsOf } from '../judgement/recent-failures.ts'
import type { NginxConfig } from '../readings/nginx-config.ts'
import type { NginxPhpLocation } from '../readings/nginx-locations.ts'
import { nginxSites } from '../readings/nginx-sites.ts'
import type { HostFacts, PhpLocationFacts, PoolFacts } from '../survey/host-facts.ts'
import type { Drafted } from './define.ts'
import { placeOf } from './nginx-parts.ts'
import { refused } from './service-input.ts'

export interface PhpPlace extends NginxPhpLocation {
  readonly serverNames: readonly string[]
  readonly facts: PhpLocationFacts
}

export function phpPlaces(facts: HostFacts, config: NginxConfig, pool: PoolFacts): readonly PhpPlace[] {
  const known = new Map(locationsOf(facts, pool).map((location) => [location.at, location]))
  return nginxSites(config).flatMap(({ locations, serverNames }) =>
    locations.flatMap((location) => {
      const found = known.get(placeOf(location.directive))
      return found ? [{ ...location, serverNames, facts: found }] : []
    }),
  )
}

export function noPlaces(subject: string): Extract<Drafted, { kind: 'refused' }> {
  return refused(
    `No location of nginx on this host hands requests to ${subject}, as far as its files can be followed.`,
    'See where they go: `nginx -T`, fastcgi_pass. Where the nginx in front is on another host, change it there.',
  )
}
