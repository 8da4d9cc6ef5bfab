/** Reads nginx: unit, master, and the sites of its effective configuration; and, when asked, the newest lines of their error logs. */
import type { ProcessFacts, Read, ReadHost, SocketAddress } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { readNginxAllowance, type NginxAllowance } from '../readings/nginx-capacity.ts'
import { readNginxConfig } from '../readings/nginx-config.ts'
import { fullPath, packagedBuild, type NginxBuild } from '../readings/nginx-log-paths.ts'
import { nginxSites, proxiedSites, type NginxSite } from '../readings/nginx-sites.ts'
import { readNginxErrorLog, type NginxErrorEntry } from '../readings/nginx-error-log.ts'
import { readUnitProperties, unitPropertyNames, type UnitProperties } from '../readings/unit-properties.ts'
import { answerOf } from './answer-of.ts'
import { readWithFiles } from './config-files.ts'
import type { PassFacts } from './address-facts.ts'
import type { SiteFacts } from './host-facts.ts'
import { passFacts } from './pass-facts.ts'
import { phpLocationFacts } from './php-locations.ts'
import { recentRequests } from './recent-requests.ts'
import { followedSocket } from './socket-path.ts'

const defaultConfig = '/etc/nginx/nginx.conf'
const errorTailBytes = 256 * 1024

export interface NginxReading {
  readonly unit: UnitProperties | null
  readonly master: ProcessFacts | null
  readonly workerPid: number | null
  readonly workerPids: readonly number[]
  readonly sites: Read<readonly Omit<SiteFacts, 'probes'>[]>
  /** Servers that hand requests on over HTTP; `isAlsoPhp` where one of `sites` is the same server. */
  readonly proxied: readonly { readonly site: NginxSite; readonly isAlsoPhp: boolean }[]
  /** What its configuration allows, and the files that say so; null when it could not be read. */
  readonly allowance: (NginxAllowance & { readonly configPath: string; readonly files: readonly string[] }) | null
  /** Every `fastcgi_pass`. */
  readonly passes: readonly PassFacts[]
}

export interface NginxLogs {
  readonly errors: readonly NginxErrorEntry[]
  readonly unreadableLogs: readonly { readonly path: string; readonly says: string }[]
}

export async function nginxFacts(host: ReadHost, processes: readonly ProcessFacts[]): Promise<NginxReading> {
  const shown = await readUnit(host)
  const unit = shown.ok ? shown.value : null
  const master = masterOf(unit, processes)
  const workers = processes.filter(
    (process) => process.parentPid === master?.pid && process.title.startsWith('nginx: worker process'),
  )
  const workerPids = workers.filter(({ title }) => !title.includes('is shutting down')).map(({ pid }) => pid)
  const installed = unit !== null || master !== null
  const { sites, proxied, allowance, passes }: Pick<NginxReading, 'sites' | 'proxied' | 'allowance' | 'passes'> =
    installed
      ? await readSites(host, startedWith(master))
      : {
          sites: shown.ok
            ? { ok: false, why: 'missing', says: 'nginx is not installed' }
            : { ok: false, why: 'failed', says: shown.says },
          proxied: [],
          allowance: null,
          passes: [],
        }
  return {
    unit,
    master,
    workerPid: workerPids[0] ?? workers[0]?.pid ?? null,
    workerPids,
    sites,
    proxied,
    allowance,
    passes,
  }
}

/** Null when there is none. */
async function readUnit(host: ReadHost): Promise<Read<UnitProperties | null>> {
  const shown = await answerOf(host, { tool: 'unit-properties', services: ['nginx'], properties: unitPropertyNames })
  if (!shown.ok) return shown
  const unit = readUnitProperties(shown.value)[0]
  return { ok: true, value: unit && unit.loadState !== 'not-found' ? unit : null }
}

/**
 * The unit's own before any other: containers have masters, too, and their root is root. Without a unit that runs, one
 * that was started by hand; any user can write this title, so that it must be root's.
 */
function masterOf(unit: UnitProperties | null, processes: readonly ProcessFacts[]): ProcessFacts | null {
  const masters = processes.filter((process) => process.title.startsWith('nginx: master process'))
  const own = masters.find((process) => process.pid === unit?.mainPid)
  return own ?? masters.find((process) => process.uid === 0) ?? null
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
): Promise<Pick<NginxReading, 'sites' | 'proxied' | 'allowance' | 'passes'>> {
  const reading = await readWithFiles(host, (sources) => readNginxConfig(main, sources.read, sources.glob))
  if (!reading.ok)
    return { sites: { ok: false, why: 'failed', says: reading.says }, proxied: [], allowance: null, passes: [] }
  const php = nginxSites(reading.value, build)
  const servers = new Set(php.map(({ directive }) => directive))
  return {
    sites: { ok: true, value: await Promise.all(php.map((site) => siteFacts(host, site))) },
    passes: await passFacts(host, reading.value, php),
    proxied: proxiedSites(reading.value, build).map((site) => ({ site, isAlsoPhp: servers.has(site.directive) })),
    allowance: {
      ...readNginxAllowance(reading.value, build),
      configPath: main,
      files: reading.value.files.map(({ path }) => path),
    },
  }
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
    phpLocations: await Promise.all(
      site.locations.map((location) => phpLocationFacts(host, location, (address) => followLinks(host, address))),
    ),
    requests: await recentRequests(host, site.accessLogs),
  }
}

async function followLinks(host: ReadHost, address: SocketAddress): Promise<SocketAddress> {
  return address.startsWith('unix:') ? `unix:${await followedSocket(host, address.slice('unix:'.length))}` : address
}

export async function readErrorLogs(
  host: ReadHost,
  { sites, proxied }: Pick<NginxReading, 'sites' | 'proxied'>,
): Promise<NginxLogs> {
  const logging = [...(sites.ok ? sites.value : []), ...proxied.map(({ site }) => site)]
  const errors: NginxErrorEntry[] = []
  const unreadableLogs: { path: string; says: string }[] = []
  for (const path of new Set(logging.flatMap(({ errorLogs }) => errorLogs))) {
    const tail = await host.readTail(path, errorTailBytes)
    if (tail.ok) errors.push(...readNginxErrorLog(textOf(tail.value.bytes)))
    else if (tail.why !== 'missing') unreadableLogs.push({ path, says: tail.says })
  }
  return { errors, unreadableLogs }
}
