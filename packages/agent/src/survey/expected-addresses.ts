/** Where a host is to answer: what nginx hands on to, and what the pools are to listen on. */
import type { ReadHost, SocketAddress } from '../host/host.ts'
import type { FpmReading } from './fpm-facts.ts'
import type { NginxReading } from './nginx-facts.ts'
import { poolListeners } from './pool-facts.ts'

/** Null where not all of them could be read. */
export async function expectedAddresses(
  host: ReadHost,
  { sites, proxied }: Pick<NginxReading, 'sites' | 'proxied'>,
  readings: readonly Pick<FpmReading, 'service' | 'config'>[],
): Promise<readonly SocketAddress[] | null> {
  const handedOn = [
    ...(sites.ok ? sites.value.flatMap(({ upstreams }) => upstreams) : []),
    ...proxied.flatMap(({ site }) => site.passes.flatMap(({ addresses }) => addresses)),
  ]
  const pools = readings.map(({ service, config }) =>
    config.ok ? config.value.pools.map((pool) => poolListeners(host, pool, service)) : [Promise.resolve(null)],
  )
  const listeners = await Promise.all(pools.flat())
  const bound = listeners.filter((each) => each !== null)
  if (bound.length < listeners.length || (!sites.ok && sites.why !== 'missing')) return null
  return [...handedOn, ...bound.flatMap(({ bound: as, real }) => [as, real])]
}
