/**
 * Keeps the configuration of each service as it is while it is known to be good: what runs has loaded exactly these
 * bytes, and they pass their test (DESIGN D10). Most times nothing has changed, and only that is found out.
 */
import type { ProcessFacts, ReadHost } from './host/host.ts'
import { readFpmConfig } from './readings/fpm-config.ts'
import { readNginxConfig } from './readings/nginx-config.ts'
import {
  isSameGood,
  keepGood,
  newestGood,
  newestStanding,
  renewStanding,
  versionBytes,
  type Kept,
} from './state/last-good.ts'
import type { StatePaths } from './state/state-paths.ts'
import { fpmLoad, nginxLoad, type ConfigLoad } from './survey/config-load.ts'
import { configOnDisk, looksTheSame, type ConfigOnDisk } from './survey/config-on-disk.ts'
import { pidFilePath } from './survey/fpm-pid-file.ts'
import { fpmPrefix } from './survey/fpm-prefix.ts'
import { findFpmServices, type FpmService } from './survey/fpm-services.ts'
import { findNginx, startedWith } from './survey/nginx-facts.ts'
import { namedConfig, testNginxConfig } from './survey/nginx-test.ts'
import { readUnits, type Units } from './survey/units.ts'

/** A service that runs. */
interface Running {
  readonly service: string
  /** What its master has as its pid file, as the files say that it has loaded. */
  load(pidFile: string | null): Promise<ConfigLoad | null>
  read(): Promise<(ConfigOnDisk & { readonly pidFile: string | null }) | null>
  /** Whether it accepts what is on disk. */
  passes(): Promise<boolean>
}

/**
 * `toldMs`: when a service was about to be told to load its files. Answers with what could not be kept; what could not be
 * read is for a diagnosis to tell.
 */
export async function keepLastGood(
  host: ReadHost,
  paths: Pick<StatePaths, 'lastGood'>,
  toldMs: ReadonlyMap<string, number> = new Map(),
): Promise<readonly string[]> {
  const [processes, units] = await Promise.all([host.processes(), readUnits(host)])
  if (!processes.ok || !units.ok) return []
  const [fpm, nginx] = await Promise.all([
    findFpmServices(host, processes.value, units.value),
    runningNginx(host, processes.value, units.value),
  ])
  const failures: string[] = []
  for (const running of [...fpm.services.map((service) => runningFpm(host, service)), nginx]) {
    if (running === null) continue
    const kept = await keepOne(host, paths, running, toldMs.get(running.service) ?? null)
    if (!kept.ok) failures.push(kept.says)
  }
  return failures
}

const asItWas: Kept = { ok: true }

async function keepOne(
  host: ReadHost,
  paths: Pick<StatePaths, 'lastGood'>,
  running: Running,
  sinceMs: number | null,
): Promise<Kept> {
  const { service } = running
  const standing = await newestStanding(paths, service)
  if (standing && (await looksTheSame(host, standing.places))) {
    const load = await running.load(standing.pidFile)
    if (load === null || load.mark === standing.loadMark) return asItWas
    return renewStanding(paths, service, { ...standing, ...seenLoaded(standing, load, sinceMs, standing.loadedMs) })
  }
  const config = await running.read()
  if (config === null || sizeOf(config) > versionBytes) return asItWas
  const load = await running.load(config.pidFile)
  const { pidFile, changedMs } = config
  const [files, patterns, places] = [[...config.files], [...config.patterns], [...config.places]]
  const newest = await newestGood(paths, service)
  if (newest && isSameGood(newest.version, { files, patterns })) {
    const loadedMs = newest.standing?.loadedMs ?? Date.parse(newest.version.loadedAt)
    const before = newest.standing?.loadMark ?? null
    // Nothing was loaded since it was seen to run: it still does, whoever wrote its files anew.
    const seen = before !== null && load?.mark === before ? { loadMark: before, loadedMs } : null
    const standingNow = { places, pidFile, changedMs, ...(seen ?? seenLoaded(config, load, sinceMs, loadedMs)) }
    return renewStanding(paths, service, { version: newest.name, ...standingNow })
  }
  if (!isLoadedBy(config, load, sinceMs) || !(await running.passes()) || !(await looksTheSame(host, places)))
    return asItWas
  // A clock that was set back must not make the newest version an old one.
  const keptAtMs = Math.max(host.nowMs(), newest ? Date.parse(newest.version.keptAt) + 1 : 0)
  const times = { keptAt: new Date(keptAtMs).toISOString(), loadedAt: new Date(load.atMs).toISOString() }
  const seen = { places, pidFile, changedMs, loadMark: load.mark, loadedMs: load.atMs }
  return keepGood(paths, { format: 'fleetmend.last-good/1', service, ...times, files, patterns }, seen)
}

interface Changed {
  readonly changedMs: number
}

/** The newest load that it was surely seen in; `earlierMs` where that is not this one. */
function seenLoaded(
  config: Changed,
  load: ConfigLoad | null,
  sinceMs: number | null,
  earlierMs: number,
): { readonly loadMark: string | null; readonly loadedMs: number } {
  return isLoadedBy(config, load, sinceMs)
    ? { loadMark: load.mark, loadedMs: load.atMs }
    : { loadMark: null, loadedMs: earlierMs }
}

/** Files are read some moments before the load leaves its trace, and clocks of files tick every few milliseconds. */
const marginMs = 1000
/** Starts of processes are known to the hundredth of a second. */
const tickMs = 20

/** `sinceMs` is when somebody was about to have it loaded: if it was, that was after all that had been written by then. */
function isLoadedBy({ changedMs }: Changed, load: ConfigLoad | null, sinceMs: number | null): load is ConfigLoad {
  if (load === null) return false
  const wasTold = sinceMs !== null && load.atMs >= sinceMs - tickMs
  return changedMs < (wasTold ? Math.max(sinceMs, load.atMs - marginMs) : load.atMs - marginMs)
}

function sizeOf({ files }: ConfigOnDisk): number {
  return files.reduce((sum, { text }) => sum + text.length, 0)
}

function runningFpm(host: ReadHost, { service, master, binary, configPath }: FpmService): Running | null {
  if (!master) return null
  const prefix = fpmPrefix(binary)
  return {
    service,
    load: (pidFile) => fpmLoad(host, master, pidFile),
    async read() {
      let pidFile: string | null = null
      const config = await configOnDisk(host, ({ read, glob }) => {
        const reading = readFpmConfig(configPath, read, glob, prefix)
        pidFile = reading.ok ? pidFilePath(reading.value, prefix) : null
        return reading.ok ? reading.value.files : null
      })
      return config && { ...config, pidFile }
    },
    async passes() {
      const test = await host.ask({ tool: 'fpm-config-test', binary, config: configPath, planned: new Map() })
      return test.ok && test.value.exitCode === 0
    },
  }
}

async function runningNginx(
  host: ReadHost,
  processes: readonly ProcessFacts[],
  { nginx: unit }: Units,
): Promise<Running | null> {
  const { master, binary } = await findNginx(host, unit, processes)
  if (!master) return null
  const { main } = startedWith(master)
  return {
    service: 'nginx',
    load: () => nginxLoad(host, master, processes),
    async read() {
      const config = await configOnDisk(host, ({ read, glob }) => {
        const reading = readNginxConfig(main, read, glob)
        return reading.ok ? reading.value.files : null
      })
      return config && { ...config, pidFile: null }
    },
    async passes() {
      const test = await testNginxConfig(host, { binary, config: namedConfig(unit, master), planned: new Map() })
      return test.ok && test.value.passes
    },
  }
}
