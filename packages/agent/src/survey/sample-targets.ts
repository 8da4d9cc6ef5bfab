/** What there is to sample on this host: pools with where they listen, and the access logs of sites that hand on to PHP. */
import type { ReadHost, SocketAddress } from '../host/host.ts'
import { readFpmConfig } from '../readings/fpm-config.ts'
import { readWithFiles } from './config-files.ts'
import { fpmPrefix } from './fpm-prefix.ts'
import { findFpmServices, type FpmService } from './fpm-services.ts'
import { phpAccessLogs } from './nginx-facts.ts'
import { poolListeners } from './pool-facts.ts'
import { readUnits } from './units.ts'

export interface SampleTargets {
  readonly services: readonly ServiceTarget[]
  /** The name of a site by the log that its requests are written to; several sites may share one. */
  readonly accessLogs: ReadonlyMap<string, string>
  /** False where a service was down or could not be read: it may be back soon. */
  readonly isAllThere: boolean
}

export interface ServiceTarget {
  readonly service: string
  readonly masterPid: number
  readonly pools: readonly PoolTarget[]
}

export interface PoolTarget {
  readonly name: string
  /** `php8.2-fpm/www` */
  readonly subject: string
  /** As the kernel names it. */
  readonly listen: SocketAddress
}

/** What cannot be read is not sampled; who asks for a diagnosis is told why. */
export async function sampleTargets(host: ReadHost): Promise<SampleTargets> {
  const processes = await host.processes()
  const units = await readUnits(host)
  if (!processes.ok || !units.ok) return { services: [], accessLogs: new Map(), isAllThere: false }
  const [found, accessLogs] = await Promise.all([
    findFpmServices(host, processes.value, units.value),
    phpAccessLogs(host, processes.value, units.value),
  ])
  const services = await Promise.all(found.services.map((service) => serviceTarget(host, service)))
  return { services: services.filter((service) => service !== null), accessLogs, isAllThere: !services.includes(null) }
}

async function serviceTarget(host: ReadHost, service: FpmService): Promise<ServiceTarget | null> {
  const { master, configPath, binary } = service
  if (!master) return null
  const config = await readWithFiles(host, (sources) =>
    readFpmConfig(configPath, sources.read, sources.glob, fpmPrefix(binary)),
  )
  const pools = config.ok
    ? await Promise.all(
        config.value.pools.map(async (pool) => {
          const listeners = await poolListeners(host, pool, service)
          return listeners && { name: pool.name, subject: `${service.service}/${pool.name}`, listen: listeners.bound }
        }),
      )
    : []
  return { service: service.service, masterPid: master.pid, pools: pools.filter((pool) => pool !== null) }
}
