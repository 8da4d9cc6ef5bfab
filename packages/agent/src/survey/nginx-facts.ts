/** Reads nginx: unit, master, and the sites of its effective configuration. */
import type { ProcessFacts, Read, ReadHost, SocketAddress } from '../host/host.ts'
import { readNginxAllowance, type NginxAllowance } from '../readings/nginx-capacity.ts'
import { readNginxConfig, type NginxConfig } from '../readings/nginx-config.ts'
import { fullPath, packagedBuild, type NginxBuild } from '../readings/nginx-log-paths.ts'
import { nginxSites, proxiedSites, type NginxSite } from '../readings/nginx-sites.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import { readWithFiles } from './config-files.ts'
import type { PassFacts } from './address-facts.ts'
import type { PidFileFacts, SiteFacts } from './host-facts.ts'
import { passFacts } from './pass-facts.ts'
import { readPidFile } from './fpm-pid-file.ts'
import { sharesRoot, withoutDeleted } from './fpm-masters.ts'
import { currentWorkers } from './nginx-load-time.ts'
import { phpLocationFacts } from './php-locations.ts'
import { requestReader, type RequestReader } from './recent-requests.ts'
import { followedSocket } from './socket-path.ts'
import type { Units } from './units.ts'

const defaultConfig = '/etc/nginx/nginx.conf'

export interface NginxReading {
  readonly unit: UnitProperties | null
  readonly pidFile: PidFileFacts | null
  readonly isInstalled: boolean
  readonly binary: string
  readonly master: ProcessFacts | null
  readonly workerPid: number | null
  readonly workerPids: readonly number[]
  /** The file that nginx reads first. */
  readonly main: string
  readonly config: Read<NginxConfig>
  readonly sites: Read<readonly Omit<SiteFacts, 'probes'>[]>
  /** Servers that hand requests on over HTTP; `isAlsoPhp` where one of `sites` is the same server. */
  readonly proxied: readonly { readonly site: NginxSite; readonly isAlsoPhp: boolean }[]
  /** What its configuration allows, and the files that say so; null when it could not be read. */
  readonly allowance: (NginxAllowance & ConfigPlaces) | null
  /** As it was read for all of these; null without nginx. */
  /** Every `fastcgi_pass`. */
  readonly passes: readonly PassFacts[]
}

export interface ConfigPlaces {
  readonly configPath: string
  readonly files: readonly string[]
  readonly pidPath: string
}

export async function nginxFacts(
  host: ReadHost,
  processes: readonly ProcessFacts[],
  units: Read<Units>,
): Promise<NginxReading> {
  const unit = units.ok ? units.value.nginx : null
  const { master, binary, isThere } = await findNginx(host, unit, processes)
  const workers = processes.filter(
    (process) => process.parentPid === master?.pid && process.title.startsWith('nginx: worker process'),
  )
  const workerPids = currentWorkers(master, processes).map(({ pid }) => pid)
  const isInstalled = unit !== null || master !== null || isThere
  const { main, config, sites, proxied, allowance, passes } = isInstalled
    ? await readSites(host, startedWith(master))
    : unread(
        units.ok
          ? { ok: false, why: 'missing', says: 'nginx is not installed' }
          : { ok: false, why: 'failed', says: units.says },
      )
  return {
    unit,
    pidFile: unit || master || !allowance ? null : await readPidFile(host, allowance.pidPath),
    isInstalled,
    binary,
    master,
    workerPid: workerPids[0] ?? workers[0]?.pid ?? null,
    workerPids,
    main,
    config,
    sites,
    proxied,
    allowance,
    passes,
  }
}

/** What runs, and the program that does or would. */
export async function findNginx(
  host: ReadHost,
  unit: UnitProperties | null,
  processes: readonly ProcessFacts[],
): Promise<{ readonly master: ProcessFacts | null; readonly binary: string; readonly isThere: boolean }> {
  const master = await masterOf(host, unit, processes)
  return { master, ...(await programOf(host, unit, master)) }
}

type ReadSites = Pick<NginxReading, 'main' | 'config' | 'sites' | 'proxied' | 'allowance' | 'passes'>

function unread(why: Read<never>, main = defaultConfig): ReadSites {
  return { main, config: why, sites: why, proxied: [], allowance: null, passes: [] }
}

/** The name of each site that hands on to PHP, by its access log; several sites may share one. Opens no log. */
export async function phpAccessLogs(
  host: ReadHost,
  processes: readonly ProcessFacts[],
  { nginx: unit }: Units,
): Promise<ReadonlyMap<string, string>> {
  const { main, build } = startedWith(await masterOf(host, unit, processes))
  const reading = await readWithFiles(host, (sources) => readNginxConfig(main, sources.read, sources.glob))
  const sites = reading.ok ? nginxSites(reading.value, build) : []
  return new Map(sites.flatMap(({ serverName, accessLogs }) => accessLogs.map((path) => [path, serverName] as const)))
}

/**
 * The unit's own before any other. Without a unit that runs, one that was started by hand, or by a supervisor; any user can
 * write this title, so that it must be root's, and containers have masters, too, whose root is root.
 */
async function masterOf(
  host: ReadHost,
  unit: UnitProperties | null,
  processes: readonly ProcessFacts[],
): Promise<ProcessFacts | null> {
  const masters = processes.filter((process) => process.title.startsWith('nginx: master process'))
  const main = masters.find((process) => process.pid === unit?.mainPid)
  if (main) return main
  for (const master of masters) if (master.uid === 0 && (await sharesRoot(host, master.pid))) return master
  return null
}

const packagedBinary = '/usr/sbin/nginx'

/** What runs, or what the unit would run, or what a package installs. */
async function programOf(
  host: ReadHost,
  unit: UnitProperties | null,
  master: ProcessFacts | null,
): Promise<{ readonly binary: string; readonly isThere: boolean }> {
  const running = master && (await host.readLink(`/proc/${master.pid}/exe`))
  if (running?.ok) return { binary: withoutDeleted(running.value), isThere: true }
  const binary = /path=([^ ;]+)/.exec(unit?.execStart ?? '')?.[1] ?? packagedBinary
  return { binary, isThere: (await host.stat(binary)).ok }
}

/**
 * `-p PREFIX` and `-c FILE` of the running master; its title keeps the arguments. A relative file begins at the prefix
 * (`ngx_process_options`); a relative prefix at a directory that nobody can see any more, so that it counts as not given.
 */
export function startedWith(master: ProcessFacts | null): { readonly main: string; readonly build: NginxBuild } {
  const argument = (name: string) => new RegExp(` -${name} ?(\\S+)`).exec(master?.title ?? '')?.[1]
  const prefix = argument('p')
  const build = prefix?.startsWith('/') ? { ...packagedBuild, prefix: prefix.replace(/\/+$/, '') } : packagedBuild
  const file = argument('c')
  return { main: file === undefined ? defaultConfig : fullPath(file, build), build }
}

async function readSites(host: ReadHost, { main, build }: ReturnType<typeof startedWith>): Promise<ReadSites> {
  const reading = await readWithFiles(host, (sources) => readNginxConfig(main, sources.read, sources.glob))
  if (!reading.ok) return unread({ ok: false, why: 'failed', says: reading.says }, main)
  const php = nginxSites(reading.value, build)
  const servers = new Set(php.map(({ directive }) => directive))
  const requests = requestReader(host)
  return {
    main,
    config: { ok: true, value: reading.value },
    sites: { ok: true, value: await Promise.all(php.map((site) => siteFacts(host, site, requests))) },
    passes: await passFacts(host, reading.value, php),
    proxied: proxiedSites(reading.value, build).map((site) => ({ site, isAlsoPhp: servers.has(site.directive) })),
    allowance: {
      ...readNginxAllowance(reading.value, build),
      configPath: main,
      files: reading.value.files.map(({ path }) => path),
      pidPath: pidPath(reading.value, build),
    },
  }
}

/** Packages build with this one. */
const packagedPidPath = '/run/nginx.pid'

function pidPath({ directives }: NginxConfig, build: NginxBuild): string {
  const named = directives.findLast(({ name }) => name === 'pid')?.args[0]
  return named === undefined ? packagedPidPath : fullPath(named, build)
}

async function siteFacts(host: ReadHost, site: NginxSite, requests: RequestReader): Promise<Omit<SiteFacts, 'probes'>> {
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
    requests: await requests(site.accessLogs),
  }
}

async function followLinks(host: ReadHost, address: SocketAddress): Promise<SocketAddress> {
  return address.startsWith('unix:') ? `unix:${await followedSocket(host, address.slice('unix:'.length))}` : address
}
