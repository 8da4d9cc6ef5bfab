/** Idle connections to a pool that nginx is told to keep open. */
import type { SocketAddress } from '../host/host.ts'
import type { KeptConnections } from '../readings/nginx-capacity.ts'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { reaches } from './same-address.ts'

/** Null: nginx closes each after its request. */
export function keptConnectionsTo(facts: HostFacts, { listen }: PoolFacts): KeptConnections | null {
  const { sites } = facts.nginx
  if (listen === null || !sites.ok) return null
  const passes = sites.value.flatMap(({ phpLocations }) => phpLocations.flatMap((each) => each.passes))
  const followed = (named: SocketAddress) => passes.filter((pass) => pass.named === named).map(({ address }) => address)
  const leadsThere = (named: SocketAddress) => [named, ...followed(named)].some((each) => reaches(each, listen))
  return facts.capacity.nginx?.kept.find(({ addresses }) => addresses.some(leadsThere)) ?? null
}
