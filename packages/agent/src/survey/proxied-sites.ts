/**
 * Sites that hand requests to another server over HTTP (gunicorn, node, another nginx): whether that server listens,
 * where it is on this host, and what a visitor gets now.
 */
import type { ReadHost, SocketAddress } from '../host/host.ts'
import type { NginxSite } from '../readings/nginx-sites.ts'
import type { BackendFacts, ProxiedSiteFacts, ProxyPassFacts } from './host-facts.ts'
import { setting } from './php-locations.ts'
import type { QueueSamples } from './pool-facts.ts'
import { httpProbeOf, type CanaryPaths } from './probe-sites.ts'
import { inRealFolder } from './socket-path.ts'

const defaultReadTimeout = '60s'

export async function proxiedSiteFacts(
  host: ReadHost,
  proxied: readonly { readonly site: NginxSite; readonly isAlsoPhp: boolean }[],
  queues: QueueSamples,
  canaryPaths: CanaryPaths = {},
): Promise<readonly ProxiedSiteFacts[]> {
  return Promise.all(
    proxied.map(async ({ site, isAlsoPhp }) => ({
      serverName: site.serverName,
      serverNames: site.serverNames,
      errorLogs: site.errorLogs,
      passes: await passesOf(host, site, queues),
      probes: isAlsoPhp ? [] : await httpProbeOf(host, site, canaryPaths),
    })),
  )
}

async function passesOf(host: ReadHost, site: NginxSite, queues: QueueSamples): Promise<readonly ProxyPassFacts[]> {
  const passes = site.locations.flatMap(({ levels, passes: own }) =>
    own.map((pass) => ({ ...pass, readTimeout: setting(levels, 'proxy_read_timeout', defaultReadTimeout) })),
  )
  return Promise.all(
    passes.map(async ({ target, directive, addresses, readTimeout }) => ({
      target,
      at: `${directive.path}:${directive.line}`,
      readTimeout,
      backends: await Promise.all(addresses.map((address) => backendFacts(host, address, queues))),
    })),
  )
}

async function backendFacts(host: ReadHost, address: SocketAddress, queues: QueueSamples): Promise<BackendFacts> {
  if (!queues.ok || !isHere(address)) return { address, listening: null, waiting: [] }
  const bound = address.startsWith('unix:') ? await inRealFolder(host, address.slice('unix:'.length)) : null
  const found = queues.value.map((listeners) =>
    listeners.filter((listener) =>
      bound === null ? serves(listener.address, address) : listener.address === `unix:${bound}`,
    ),
  )
  const waiting = found.map((listeners) => listeners.reduce((sum, each) => sum + each.waiting, 0))
  const listening = found.some((listeners) => listeners.length > 0)
  return { address, listening, waiting: listening ? waiting : [] }
}

/** Other addresses may be this host's, too, but a name or a container behind them cannot be told from here. */
function isHere(address: SocketAddress): boolean {
  return address.startsWith('unix:') || /^tcp:(?:127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(address)
}

/** `ss` writes `*` for every address of both families, `0.0.0.0` and `[::]` for those of one. */
function serves(listener: SocketAddress, address: SocketAddress): boolean {
  if (listener === address) return true
  const port = address.slice(address.lastIndexOf(':'))
  const any = address.startsWith('tcp:[') ? ['tcp:*', 'tcp:[::]'] : ['tcp:*', 'tcp:0.0.0.0', 'tcp:[::]']
  return any.some((host) => listener === `${host}${port}`)
}
