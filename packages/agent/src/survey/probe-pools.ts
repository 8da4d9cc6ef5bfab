/** Real requests to PHP-FPM itself, where no nginx is here through which sites could be asked: containers, hosts of PHP alone. */
import type { SiteProbe } from '@fleetmend/shared'
import type { ReadHost, SocketAddress } from '../host/host.ts'
import type { FpmFacts, PoolFacts } from './host-facts.ts'
import { fastCgiProbe, upstreamAsker } from './probe-sites.ts'

/** Of pools that are meant to serve: a service that is off and was not killed is nobody's business. */
export async function probePools(host: ReadHost, services: readonly FpmFacts[]): Promise<readonly SiteProbe[]> {
  const ask = upstreamAsker(host, null)
  const asked = services
    .filter(({ unit, master, pidFile }) => master !== null || pidFile !== null || unit?.unitFileState === 'enabled')
    .flatMap((service) => service.pools.map((pool) => ({ pool, address: addressOf(service, pool) })))
  return Promise.all(
    asked.flatMap(({ pool, address }) =>
      address === null ? [] : [ask(address).then((reply) => fastCgiProbe(pool.subject, address, reply))],
    ),
  )
}

/** Null where this host is not among `listen.allowed_clients`: FPM hangs up on it without being at fault. */
function addressOf({ config }: FpmFacts, { name, listen }: PoolFacts): SocketAddress | null {
  if (listen === null || listen.startsWith('unix:')) return listen
  const pool = config.ok ? config.value.pools.find((each) => each.name === name) : undefined
  const allowed = pool?.directives.get('listen.allowed_clients')?.value
  const port = listen.slice(listen.lastIndexOf(':') + 1)
  // Every address is reached by the loopback; a bare port listens on IPv4, too (`bindv6only` is off).
  const isEverywhere = /^tcp:(\[::\]|0\.0\.0\.0):\d+$/.test(listen)
  if (allowed !== undefined && !allowed.split(',').some((each) => each.trim() === '127.0.0.1')) return null
  return isEverywhere ? `tcp:127.0.0.1:${port}` : listen
}
