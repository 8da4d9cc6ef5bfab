/** For tests of judgements: the made-up host with a shop that cannot reach PHP. */
import type { SocketAddress } from '../host/host.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { HostFacts } from './host-facts.ts'
import { samplePass, samplePeer, sampleUnreached, sampleWayToNothing } from './sample-addresses.ts'
import { sampleConfig, sampleFacts, sampleFpm, sampleNowMs, samplePool, samplePoolText } from './sample-facts.ts'
import { sampleProbe, sampleSite } from './sample-sites.ts'
import { localTime } from './sample-logs.ts'

export type Changes = NonNullable<Parameters<typeof sampleFacts>[0]>

export const socket = 'unix:/run/php/php8.2-fpm.sock'
export const site = (status: number, upstream: SocketAddress, passes = false) =>
  sampleSite({
    upstreams: [upstream],
    probes: [
      sampleProbe(status),
      { site: 'shop.example', over: 'fastcgi', passed: passes, upstream, says: 'as it came', tookMs: 1 },
    ],
  })

/** The shop's only address, which fails with this errno; visitors get 502. */
export function failing(
  address: SocketAddress,
  errno: string,
  changes: Changes & { readonly way?: object } = {},
): HostFacts {
  const { way, ...rest } = changes
  const missing = errno === 'ENOENT' && address.startsWith('unix:') ? sampleWayToNothing(address.slice(5)) : undefined
  const reached = sampleUnreached(address, errno, missing ? { way: missing } : {})
  return sampleFacts({
    sites: [site(502, address)],
    passes: [samplePass({ peers: [samplePeer(address)] })],
    upstreams: [way && reached.way ? { ...reached, way: { ...reached.way, ...way } } : reached],
    ...rest,
  })
}

export const line = (changes: Partial<NginxErrorEntry>): NginxErrorEntry => ({
  localTime: localTime(5),
  level: 'error',
  pid: 51,
  message: 'no live upstreams',
  phase: 'connecting to upstream',
  errno: null,
  client: '10.0.0.9',
  server: 'shop.example',
  request: 'GET / HTTP/1.1',
  upstream: null,
  host: 'shop.example',
  kind: 'no-live-upstreams',
  ...changes,
})
export const stopped = {
  activeState: 'inactive',
  subState: 'dead',
  result: 'success',
  execMainExitedMs: sampleNowMs - 60_000,
}
export const tcpFpm = (listen = '127.0.0.1:9000', more = '') =>
  sampleFpm({
    pools: [samplePool({ listen: `tcp:${listen}` })],
    listensOn: [`tcp:${listen}`],
    config: {
      ok: true,
      value: sampleConfig({ pool: samplePoolText.replace('/run/php/php8.2-fpm.sock', listen) + more }),
    },
  })
