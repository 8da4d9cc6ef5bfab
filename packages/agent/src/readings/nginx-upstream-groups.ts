/** The upstream groups of a configuration with each of their servers: nginx takes these in turn and gives up some. */
import type { SocketAddress } from '../host/host.ts'
import type { NginxConfig, NginxDirective } from './nginx-config.ts'
import { upstreamAddresses } from './nginx-upstream-address.ts'

export interface UpstreamServer {
  /** As written, e.g. `127.0.0.1:9000`. */
  readonly target: string
  /** `localhost` is two. */
  readonly addresses: readonly SocketAddress[]
  readonly directive: NginxDirective
  /** Never connected to. */
  readonly isDown: boolean
  readonly isBackup: boolean
  /** How long nginx leaves it alone after `max_fails` failures; 0: it never does. */
  readonly failTimeoutS: number
}

/** What nginx takes where `fail_timeout` is not given (`ngx_http_upstream_server`). */
export const defaultFailTimeoutS = 10

/** By lower-cased name, as nginx compares them. */
export function readUpstreamGroups(config: NginxConfig): ReadonlyMap<string, readonly UpstreamServer[]> {
  const https = config.directives.filter(({ name }) => name === 'http')
  const groups = https.flatMap(({ block }) => (block ?? []).filter(({ name }) => name === 'upstream'))
  return new Map(
    groups.map(({ args, block }) => [
      (args[0] ?? '').toLowerCase(),
      (block ?? []).filter(({ name }) => name === 'server').map((directive) => readServer(directive)),
    ]),
  )
}

function readServer(directive: NginxDirective): UpstreamServer {
  const [target = '', ...options] = directive.args
  const option = (name: string) => options.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1)
  return {
    target,
    // A port left out is 80, in FastCGI too.
    addresses: upstreamAddresses(target, 80),
    directive,
    isDown: options.includes('down'),
    isBackup: options.includes('backup'),
    failTimeoutS: option('max_fails') === '0' ? 0 : seconds(option('fail_timeout')),
  }
}

const secondsIn: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

/** `10`, `30s`, `1m30s`. */
function seconds(text: string | undefined): number {
  if (text === undefined || !/^(\d+[smhd]?)+$/.test(text)) return defaultFailTimeoutS
  return [...text.matchAll(/(\d+)([smhd]?)/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (secondsIn[unit] ?? 1),
    0,
  )
}
