/** Reads nginx: unit, master, the sites of its effective configuration, and the newest lines of their error logs. */
import type { ProcessFacts, Read, ReadHost, SocketAddress } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { readNginxConfig } from '../readings/nginx-config.ts'
import { fullPath, packagedBuild, type NginxBuild } from '../readings/nginx-log-paths.ts'
import { nginxSites, type NginxSite } from '../readings/nginx-sites.ts'
import { readNginxErrorLog, type NginxErrorEntry } from '../readings/nginx-error-log.ts'
import { readUnitProperties, unitPropertyNames, type UnitProperties } from '../readings/unit-properties.ts'
import { readWithFiles } from './config-files.ts'
import type { SiteFacts } from './host-facts.ts'

const defaultConfig = '/etc/nginx/nginx.conf'
const errorTailBytes = 256 * 1024

export interface NginxReading {
  readonly unit: UnitProperties | null
  readonly master: ProcessFacts | null
  readonly workerPid: number | null
  readonly sites: Read<readonly Omit<SiteFacts, 'probes'>[]>
  readonly errors: readonly NginxErrorEntry[]
  readonly unreadableLogs: readonly { readonly path: string; readonly says: string }[]
}

export async function nginxFacts(host: ReadHost, processes: readonly ProcessFacts[]): Promise<NginxReading> {
  const unit = await readUnit(host)
  const master = processes.find((process) => process.title.startsWith('nginx: master process')) ?? null
  const worker = processes.find(
    (process) => process.parentPid === master?.pid && process.title.startsWith('nginx: worker process'),
  )
  const installed = unit !== null || master !== null
  const sites: Read<readonly Omit<SiteFacts, 'probes'>[]> = installed
    ? await readSites(host, startedWith(master))
    : { ok: false, why: 'missing', says: 'nginx is not installed' }
  const logs = await readErrorLogs(host, sites.ok ? sites.value.flatMap((site) => site.errorLogs) : [])
  return { unit, master, workerPid: worker?.pid ?? null, sites, ...logs }
}

async function readUnit(host: ReadHost): Promise<UnitProperties | null> {
  const shown = await host.ask({ tool: 'unit-properties', services: ['nginx'], properties: unitPropertyNames })
  const unit = shown.ok ? readUnitProperties(shown.value.stdout)[0] : undefined
  return unit && unit.loadState !== 'not-found' ? unit : null
}

/**
 * `-p PREFIX` and `-c FILE` of the running master; its title keeps the arguments. A relative file begins at the prefix
 * (`ngx_process_options`); a relative prefix at a directory that nobody can see any more, so that it counts as not given.
 */
function startedWith(master: ProcessFacts | null): { readonly main: string; readonly build: NginxBuild } {
  const argument = (name: string) => new RegExp(` -${name} ?(\\S+)`).exec(master?.title ?? '')?.[1]
  const prefix = argument('p')
  const build = prefix?.startsWith('/') ? { ...packagedBuild, prefix: prefix.replace(/\/+$/, '') } : packagedBuild
  const file = argument('c')
  return { main: file === undefined ? defaultConfig : fullPath(file, build), build }
}

async function readSites(
  host: ReadHost,
  { main, build }: ReturnType<typeof startedWith>,
): Promise<Read<readonly Omit<SiteFacts, 'probes'>[]>> {
  const reading = await readWithFiles(host, (sources) => readNginxConfig(main, sources.read, sources.glob))
  if (!reading.ok) return { ok: false, why: 'failed', says: reading.says }
  return { ok: true, value: await Promise.all(nginxSites(reading.value, build).map((site) => siteFacts(host, site))) }
}

async function siteFacts(host: ReadHost, site: NginxSite): Promise<Omit<SiteFacts, 'probes'>> {
  const addresses = [...new Set(site.passes.flatMap((pass) => pass.addresses))]
  const upstreams = await Promise.all(addresses.map((address) => followLinks(host, address)))
  return {
    serverName: site.serverName,
    serverNames: site.serverNames,
    listen: site.listen,
    unreachable: site.unreachable,
    upstreams: [...new Set(upstreams)],
    accessLogs: site.accessLogs,
    errorLogs: site.errorLogs,
  }
}

/** Debian's `/run/php/php-fpm.sock` is a link to a version's socket; FPM knows only the real path. */
async function followLinks(host: ReadHost, address: SocketAddress): Promise<SocketAddress> {
  if (!address.startsWith('unix:')) return address
  const real = await host.resolve(address.slice('unix:'.length))
  return real.ok ? `unix:${real.value}` : address
}

async function readErrorLogs(
  host: ReadHost,
  paths: readonly string[],
): Promise<Pick<NginxReading, 'errors' | 'unreadableLogs'>> {
  const errors: NginxErrorEntry[] = []
  const unreadableLogs: { path: string; says: string }[] = []
  for (const path of new Set(paths)) {
    const tail = await host.readTail(path, errorTailBytes)
    if (tail.ok) errors.push(...readNginxErrorLog(textOf(tail.value.bytes)))
    else if (tail.why !== 'missing') unreadableLogs.push({ path, says: tail.says })
  }
  return { errors, unreadableLogs }
}
