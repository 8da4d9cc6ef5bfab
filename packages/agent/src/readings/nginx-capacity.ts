/** What nginx's configuration allows itself: connections, files, kept connections to FPM, and folders for bodies. */
import type { SocketAddress } from '../host/host.ts'
import type { NginxConfig, NginxDirective } from './nginx-config.ts'
import { effectiveDirectives } from './nginx-inheritance.ts'
import { fullPath, type NginxBuild } from './nginx-log-paths.ts'
import { nginxSites } from './nginx-sites.ts'

/** A number of the configuration with where it stands; null where it is nginx's own default. */
export interface NginxNumber {
  readonly value: number
  readonly setAt: string | null
}

/** An upstream group to which nginx keeps idle FastCGI connections open. */
export interface KeptConnections {
  readonly group: string
  readonly addresses: readonly SocketAddress[]
  /** Idle connections that each worker process of nginx may keep. */
  readonly perWorker: number
  readonly setAt: string
  /** Where `fastcgi_keep_conn on` stands. */
  readonly keptBy: string
}

export interface NginxAllowance {
  readonly workerConnections: NginxNumber
  readonly workerFiles: NginxNumber | null
  readonly kept: readonly KeptConnections[]
  /** Where bodies of requests and answers are put that do not fit into memory. */
  readonly bodyFolders: readonly string[]
}

/** nginx's own default; Debian's file says 768. */
const defaultConnections = 512
/** What Debian and RHEL build with, beside the configuration's own; those that are not there count for nothing. */
const packagedBodyFolders = ['/var/lib/nginx/body', '/var/lib/nginx/fastcgi', '/var/lib/nginx/tmp']

export function readNginxAllowance(config: NginxConfig, build: NginxBuild): NginxAllowance {
  const main = config.directives
  const events = main.find(({ name }) => name === 'events')?.block ?? []
  const folders = main
    .filter(({ name }) => name === 'http')
    .flatMap(({ block }) => block ?? [])
    .filter(({ name }) => name === 'client_body_temp_path' || name === 'fastcgi_temp_path')
    .flatMap(({ args }) => args.slice(0, 1))
  return {
    workerConnections: numberOf(events, 'worker_connections') ?? { value: defaultConnections, setAt: null },
    workerFiles: numberOf(main, 'worker_rlimit_nofile'),
    kept: keptConnections(config, build),
    bodyFolders: [...new Set([...folders.map((folder) => fullPath(folder, build)), ...packagedBodyFolders])],
  }
}

function numberOf(directives: readonly NginxDirective[], name: string): NginxNumber | null {
  const directive = directives.findLast((each) => each.name === name)
  const text = directive?.args[0] ?? ''
  return directive && /^\d+$/.test(text) ? { value: Number(text), setAt: placeOf(directive) } : null
}

/** Both are needed: `keepalive` in the group, and `fastcgi_keep_conn on` where requests are passed on. */
function keptConnections(config: NginxConfig, build: NginxBuild): readonly KeptConnections[] {
  const groups = keepaliveGroups(config)
  const kept = nginxSites(config, build).flatMap(({ locations }) =>
    locations.flatMap(({ levels, passes }) => {
      const [keep] = effectiveDirectives(levels, 'fastcgi_keep_conn')
      if (keep?.args[0] !== 'on') return []
      return passes.flatMap(({ target, addresses }) => {
        const keepalive = groups.get(target.toLowerCase())
        const perWorker = Number(keepalive?.args[0])
        if (!keepalive || !Number.isInteger(perWorker) || perWorker < 1) return []
        return [{ group: target, addresses, perWorker, setAt: placeOf(keepalive), keptBy: placeOf(keep) }]
      })
    }),
  )
  return [...new Map(kept.map((each) => [each.group, each])).values()]
}

function keepaliveGroups(config: NginxConfig): ReadonlyMap<string, NginxDirective> {
  const groups = config.directives
    .filter(({ name }) => name === 'http')
    .flatMap(({ block }) => (block ?? []).filter(({ name }) => name === 'upstream'))
  return new Map(
    groups.flatMap(({ args, block }) => {
      const keepalive = block?.findLast(({ name }) => name === 'keepalive')
      return keepalive ? [[(args[0] ?? '').toLowerCase(), keepalive] as const] : []
    }),
  )
}

function placeOf({ path, line }: NginxDirective): string {
  return `${path}:${line}`
}
