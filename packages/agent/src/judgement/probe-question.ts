/** What it takes to answer a container's probe: a worker of PHP, or less. */
import { fpmSeconds, listenAddress } from '../readings/fpm-values.ts'
import type { Container, Place, Probe, Workload } from '../readings/manifests/workload.ts'
import { nginxRoute } from '../readings/nginx-route.ts'

export interface Asked {
  readonly toPhp: 'yes' | 'no' | 'unknown'
  /** `GET /health.php`, `cgi-fcgi` … */
  readonly says: string
  /** What hands it to PHP, where the configuration tells. */
  readonly by: { readonly at: Place; readonly says: string } | null
}

export function askedOf(workload: Workload, container: Container, { asks }: Probe): Asked {
  switch (asks.how) {
    case 'http':
      return askedOverHttp(workload, container, asks.path, portOf(container, asks.port))
    case 'command':
      return askedByCommand(workload, container, asks.words)
    case 'tcp':
      return { toPhp: 'no', says: `a connection to port ${asks.port}`, by: null }
    case 'other':
      return { toPhp: 'unknown', says: 'a question of another kind', by: null }
  }
}

/** A port may be named by what the container calls it. */
function portOf({ ports }: Container, port: string): number | null {
  return /^\d+$/.test(port) ? Number(port) : (ports.find(({ name }) => name === port)?.port ?? null)
}

function askedOverHttp({ containers }: Workload, container: Container, path: string, port: number | null): Asked {
  const says = `GET ${path}`
  const server = container.runsNginx ? container : containers.find(({ runsNginx }) => runsNginx)
  const { nginx = null } = server ?? {}
  if (!nginx?.reading.ok || port === null) {
    const isScript = /\.php(?:[/?]|$)/.test(path)
    return { toPhp: isScript && server ? 'yes' : 'unknown', says, by: null }
  }
  const { toPhp, at } = nginxRoute(nginx.reading.value, port, path)
  const by = at && { at: nginx.placeOf(at.path, at.line), says: `location ${at.args.join(' ')}` }
  return { toPhp, says, by: toPhp === 'yes' ? by : null }
}

/** Commands that images and guides use for it; others are not guessed at. */
function askedByCommand(workload: Workload, container: Container, words: readonly string[]): Asked {
  const all = words.flatMap((word) => word.split(/[\s;|&'"]+/))
  if (all.some((word) => /(?:^|\/)php-fpm-healthcheck$/.test(word)))
    return { toPhp: 'yes', says: '`php-fpm-healthcheck`', by: null }
  if (all.some((word) => /(?:^|\/)cgi-fcgi$/.test(word))) {
    const address = all[all.indexOf('-connect') + 1] ?? ''
    const isAside = statusPorts(container).includes(/\d+$/.exec(address)?.[0] ?? '')
    return { toPhp: isAside ? 'no' : 'yes', says: `\`cgi-fcgi\` to ${address}`, by: null }
  }
  const url = all
    .map((word) => /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::(\d+))?(\/\S*)?$/.exec(word))
    .find(Boolean)
  if (url) return askedOverHttp(workload, container, url[2] ?? '/', Number(url[1] ?? 80))
  return { toPhp: 'unknown', says: 'a command', by: null }
}

/** `pm.status_listen` is answered by a process of its own, however busy the pool is (reference D.3). */
function statusPorts({ fpm }: Container): readonly string[] {
  if (!fpm?.reading.ok) return []
  return fpm.reading.value.pools.flatMap(({ name, directives }) => {
    const listen = directives.get('pm.status_listen')
    const address = listen && listenAddress(listen.value, name, '/usr/local')
    return address ? [/\d+$/.exec(address)?.[0] ?? ''] : []
  })
}

export interface RequestLimit {
  /** Null: a request may take as long as it likes. */
  readonly limitS: number | null
  readonly at: Place | null
}

/** How long FPM lets a request work: the longest `request_terminate_timeout` of its pools. 0, the default, is no limit. */
export function requestLimit(containers: readonly Container[]): RequestLimit {
  const limits = containers.flatMap(({ fpm }): readonly RequestLimit[] => {
    if (!fpm?.reading.ok) return []
    return fpm.reading.value.pools.map(({ directives }) => {
      const set = directives.get('request_terminate_timeout')
      const seconds = set && set.variables.length === 0 ? fpmSeconds(set.value) : null
      return { limitS: seconds || null, at: set ? fpm.placeOf(set.path, set.line) : null }
    })
  })
  const unlimited = limits.find(({ limitS }) => limitS === null)
  if (limits.length === 0 || unlimited) return unlimited ?? { limitS: null, at: null }
  return limits.reduce((longest, each) => ((each.limitS ?? 0) > (longest.limitS ?? 0) ? each : longest))
}
