/** Which container of nginx sends its requests for PHP to which container of FPM. */
import type { Container, Workload } from '../readings/manifests/workload.ts'
import { nginxSites } from '../readings/nginx-sites.ts'
import type { NginxPhpLocation } from '../readings/nginx-locations.ts'

export interface ContainerPair {
  readonly nginx: Container & { readonly nginx: NonNullable<Container['nginx']> }
  readonly fpm: Container
  readonly workload: Workload
  readonly fpmWorkload: Workload
  readonly location: NginxPhpLocation
}

export function containerPairs(workloads: readonly Workload[]): readonly ContainerPair[] {
  return workloads.flatMap((workload) =>
    workload.containers.flatMap((nginx) => {
      if (!nginx.nginx?.reading.ok) return []
      const asked = { ...nginx, nginx: nginx.nginx }
      return nginxSites(nginx.nginx.reading.value)
        .flatMap(({ locations }) => locations)
        .flatMap((location) =>
          fpmOf(workloads, workload, nginx, location).map((found) => ({ nginx: asked, workload, location, ...found })),
        )
    }),
  )
}

/** The same, with those that nginx asks for PHP known to run FPM. */
export function withAskedFpm(workloads: readonly Workload[]): readonly Workload[] {
  const asked = new Set(containerPairs(workloads).map(({ fpm }) => fpm))
  return workloads.map((workload) => ({
    ...workload,
    containers: workload.containers.map((each) => (asked.has(each) ? { ...each, runsFpm: true } : each)),
  }))
}

function fpmOf(
  workloads: readonly Workload[],
  own: Workload,
  nginx: Container,
  { passes }: NginxPhpLocation,
): readonly Pick<ContainerPair, 'fpm' | 'fpmWorkload'>[] {
  const addresses = [...new Set(passes.flatMap((pass) => pass.addresses))]
  return addresses.flatMap((address) => {
    const [, host, port] = /^tcp:\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
    const isHere = host === undefined || host === 'localhost' || host === '::1' || host.startsWith('127.')
    const fpmWorkload = isHere ? own : workloads.find(({ hostNames }) => hostNames.includes(host))
    const others = (fpmWorkload?.containers ?? []).filter((each) => each !== nginx && !each.runsNginx)
    // An image of one's own says nothing by its name; that nginx asks it does, by its port or where there is no other.
    const known = others.filter(({ runsFpm }) => runsFpm)
    const byPort = others.filter(({ ports }) => ports.some((each) => String(each.port) === port))
    const [fpm, ...more] = [known, byPort, others].find((some) => some.length > 0) ?? []
    return fpmWorkload && fpm && more.length === 0 ? [{ fpm, fpmWorkload }] : []
  })
}
