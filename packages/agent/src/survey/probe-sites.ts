/**
 * Real requests, made now: each site over HTTP through nginx, and each of its upstreams over FastCGI as an nginx worker
 * would make it. A site whose front page is static still shows whether its PHP answers.
 */
import type { SiteProbe } from '@fleetmend/shared'
import type { FastCgiReply, HttpReply, ReadHost, SocketAddress } from '../host/host.ts'
import type { SiteFacts } from './host-facts.ts'

/** An answer that takes longer than this does not help the person who waits for it. */
const limitMs = 5000

export async function probeSites(
  host: ReadHost,
  sites: readonly Omit<SiteFacts, 'probes'>[],
  nginxWorkerPid: number | null,
  ask: AskUpstream = upstreamAsker(host, nginxWorkerPid),
  canaryPaths: CanaryPaths = {},
): Promise<readonly SiteFacts[]> {
  return Promise.all(
    sites.map(async (site) => {
      const overHttp = await httpProbeOf(host, site, canaryPaths)
      const overFastCgi = await Promise.all(
        site.upstreams.map(async (address) => fastCgiProbe(site.serverName, address, await ask(address))),
      )
      return { ...site, probes: [...overHttp, ...overFastCgi] }
    }),
  )
}

export type AskUpstream = (address: SocketAddress) => Promise<FastCgiReply>

/** Several sites often share an upstream; each is asked once. */
export function upstreamAsker(host: ReadHost, nginxWorkerPid: number | null): AskUpstream {
  const asked = new Map<SocketAddress, Promise<FastCgiReply>>()
  return (address) => {
    const reply = asked.get(address) ?? probeUpstream(host, address, nginxWorkerPid)
    asked.set(address, reply)
    return reply
  }
}

type Asked = Pick<SiteFacts, 'serverName' | 'listen'>

/** By `server_name`, what root on the host wants a site to be asked for; others are asked for their front page. */
export type CanaryPaths = Readonly<Record<string, string>>

/** None where no request can be made from here. */
export async function httpProbeOf(
  host: ReadHost,
  { listen, serverName }: Asked,
  canaryPaths: CanaryPaths,
): Promise<readonly SiteProbe[]> {
  const path = (Object.hasOwn(canaryPaths, serverName) ? canaryPaths[serverName] : undefined) ?? '/'
  return listen ? [httpProbe(serverName, path, await host.http({ ...listen, serverName, path, limitMs }))] : []
}

/**
 * A script that cannot exist: FPM answers 404 "Primary script unknown", which proves listener, free worker and PHP
 * without running anything of the site's.
 */
function probeUpstream(host: ReadHost, address: SocketAddress, asProcess: number | null): Promise<FastCgiReply> {
  const params = {
    REQUEST_METHOD: 'GET',
    SCRIPT_NAME: '/fleetmend-probe',
    SCRIPT_FILENAME: '/nonexistent/fleetmend-probe.php',
    QUERY_STRING: '',
  }
  return host.fastcgi({ address, params, limitMs, ...(asProcess === null ? {} : { asProcess }) })
}

function httpProbe(site: string, path: string, reply: HttpReply): SiteProbe {
  const base = { site, over: 'http' as const, tookMs: reply.tookMs }
  if (reply.kind === 'no-answer') return { ...base, passed: false, says: `GET ${path} got no answer: ${reply.says}` }
  return {
    ...base,
    status: reply.status,
    passed: reply.status < 500,
    says: `GET ${path} → ${reply.status} in ${Math.round(reply.tookMs)} ms`,
  }
}

/** `site` is a `server_name`, or a pool that is asked for itself. */
export function fastCgiProbe(site: string, address: SocketAddress, reply: FastCgiReply): SiteProbe {
  const base = { site, over: 'fastcgi' as const, tookMs: reply.tookMs, upstream: address }
  const took = `${Math.round(reply.tookMs)} ms`
  switch (reply.kind) {
    case 'answered':
      return { ...base, passed: reply.status < 500, says: `FPM on ${address} answers in ${took}` }
    case 'cannot-connect':
      return { ...base, passed: false, errno: reply.errno, says: `${address}: ${reply.says}` }
    case 'timed-out':
      return { ...base, passed: false, says: `${address} took the connection but did not answer in ${took}` }
    case 'broken':
      return { ...base, passed: false, says: `${address}: ${reply.says}` }
  }
}
