/** What files for containers say will run: containers of nginx and PHP-FPM, how they are asked, what they see of files. */
import type { FpmConfigReading } from '../fpm-config.ts'
import type { NginxConfigReading } from '../nginx-config.ts'

/** `shop.yaml:41`, as a person looks it up. */
export type Place = string

export interface Workload {
  /** `Deployment`, `StatefulSet`, `DaemonSet`, `ReplicaSet`, `Pod`, or `Service` of a compose file. */
  readonly kind: string
  readonly name: string
  /** `Deployment/shop`, `compose/web` */
  readonly subject: string
  readonly from: 'kubernetes' | 'compose'
  readonly at: Place
  /** By which other workloads reach it: names of Kubernetes Services, or what compose calls it. */
  readonly hostNames: readonly string[]
  /** They share addresses and ports: those of a pod. */
  readonly containers: readonly Container[]
}

export interface Container {
  readonly name: string
  readonly at: Place
  readonly image: string | null
  readonly runsNginx: boolean
  readonly runsFpm: boolean
  readonly ports: readonly { readonly name: string | null; readonly port: number }[]
  readonly liveness: Probe | null
  readonly readiness: Probe | null
  readonly mounts: readonly Mount[]
  /** Null where none of the files given is its configuration. */
  readonly nginx: GivenConfig<NginxConfigReading> | null
  readonly fpm: GivenConfig<FpmConfigReading> | null
}

export interface GivenConfig<Reading> {
  readonly reading: Reading
  /** Where a line of a file within the container stands in the files that were given. */
  placeOf(path: string, line: number): Place
}

/** A probe of Kubernetes, or a healthcheck of compose where something restarts what fails it. */
export interface Probe {
  readonly at: Place
  readonly asks: ProbeQuestion
  readonly periodS: number
  readonly timeoutS: number
  readonly failureThreshold: number
}

export type ProbeQuestion =
  | { readonly how: 'http'; readonly path: string; readonly port: string }
  | { readonly how: 'tcp'; readonly port: string }
  | { readonly how: 'command'; readonly words: readonly string[] }
  | { readonly how: 'other' }

/** A folder or a file that a container sees at `target`. Two mounts of one `source` show the same files. */
export interface Mount {
  readonly source: string
  /** Within the source: `/` for all of it. */
  readonly sourcePath: string
  readonly target: string
  readonly at: Place
}

/** `php:8.2-fpm` and `registry.example:5000/shop/nginx@sha256:…`: the name and the tag. */
export function imageParts(image: string): { readonly name: string; readonly tag: string } {
  const last = (image.split('@')[0] ?? '').split('/').at(-1) ?? ''
  const colon = last.indexOf(':')
  return colon === -1 ? { name: last, tag: '' } : { name: last.slice(0, colon), tag: last.slice(colon + 1) }
}

/** By its image and its command; files that a container sees tell the rest. */
export function whatRuns(image: string | null, command: readonly string[]): Pick<Container, 'runsNginx' | 'runsFpm'> {
  const { name, tag } = imageParts(image ?? '')
  const program = (command[0] ?? '').split('/').at(-1) ?? ''
  const isHelper = /exporter|ingress|controller|prometheus/.test(name)
  const words = new Set(name.split(/[-_.]/))
  return {
    runsNginx:
      !isHelper && (words.has('nginx') || words.has('openresty') || program === 'nginx' || program === 'openresty'),
    runsFpm: !isHelper && (words.has('fpm') || /(^|[-.])fpm($|[-.])/.test(tag) || /^php-fpm[\d.]*$/.test(program)),
  }
}
