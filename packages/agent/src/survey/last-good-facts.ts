/** Compares the files of a service with the last configuration of it that was loaded and passed its test. */
import type { ProcessFacts, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import type { ConfigLoad } from './config-load.ts'
import type { ConfigFile } from './config-on-disk.ts'
import { glob } from './glob.ts'
import type { FpmFacts } from './host-facts.ts'

/** A configuration as it was kept: what ran had loaded exactly these bytes, and they passed their test. */
export interface GoodConfig {
  readonly loadedAtMs: number
  readonly files: readonly ConfigFile[]
  /** What matches them now and is none of the files has appeared since. */
  readonly patterns: readonly string[]
  /** The load that it was last seen in; null where a load leaves no trace. */
  readonly loadMark: string | null
  readonly pidFile: string | null
}

/** Null where none was kept. */
export type LastGoodSource = (service: string) => Promise<GoodConfig | null>

export const nothingKept: LastGoodSource = async () => null

export interface LastGoodFacts {
  readonly loadedAtMs: number
  /** What runs has loaded this version, and nothing since. */
  readonly isRunning: boolean
  /** None: the files are as they were. */
  readonly differing: readonly DifferingFile[]
}

export interface DifferingFile {
  /** As the configuration names it. */
  readonly path: string
  /** Byte text; null: there was no such file. */
  readonly good: string | null
  /** Null: there is no such file now. */
  readonly now: string | null
  /** Of the file that was kept; null where there was none. */
  readonly was: Pick<ConfigFile, 'leadsTo' | 'mode' | 'uid' | 'gid'> | null
  /** Where its name leads now, where that is a link or lies behind one. */
  readonly leadsTo: string | null
  /** When that was done to it; null for what is gone. */
  readonly changedAtMs: number | null
}

/** What is asked of a service before anything that was kept of it is read. */
export interface InQuestion {
  readonly service: string
  readonly master: ProcessFacts | null
  readonly configTest: FpmFacts['configTest']
  readonly modifiedMs: number | null
  readonly loadedAtMs: number | null
}

/** Nothing is read where what runs has loaded its files and they pass their test. */
export async function lastGoodFacts(
  host: ReadHost,
  kept: LastGoodSource,
  { service, master, configTest, modifiedMs, loadedAtMs }: InQuestion,
  loadOf: (master: ProcessFacts, pidFile: string | null) => Promise<ConfigLoad | null>,
): Promise<LastGoodFacts | null> {
  const isRefused = configTest.ok && !configTest.value.passes
  const isUnloaded = modifiedMs !== null && loadedAtMs !== null && modifiedMs > loadedAtMs
  if (master && !isRefused && !isUnloaded) return null
  const good = await kept(service)
  if (good === null) return null
  const [changed, appeared, load] = await Promise.all([
    Promise.all(good.files.map((file) => compare(host, good, file.path, file))),
    appearedSince(host, good),
    master && loadOf(master, good.pidFile),
  ])
  return {
    loadedAtMs: good.loadedAtMs,
    isRunning: good.loadMark !== null && load?.mark === good.loadMark,
    differing: [...changed, ...appeared].filter((file) => file !== null),
  }
}

async function appearedSince(host: ReadHost, good: GoodConfig): Promise<readonly (DifferingFile | null)[]> {
  const known = new Set(good.files.map(({ path }) => path))
  const matches = (await Promise.all(good.patterns.map((pattern) => glob(host, pattern)))).flat()
  const fresh = [...new Set(matches)].filter((path) => !path.endsWith('/') && !known.has(path))
  return Promise.all(fresh.map((path) => compare(host, good, path, null)))
}

/** Null where the bytes are the same, whoever they belong to now. */
async function compare(
  host: ReadHost,
  { loadedAtMs }: GoodConfig,
  path: string,
  was: ConfigFile | null,
): Promise<DifferingFile | null> {
  const [read, real, link] = await Promise.all([host.readFile(path), host.resolve(path), host.stat(path)])
  // What cannot be read cannot be compared; FPM and nginx say why.
  if (!read.ok && read.why !== 'missing') return null
  const now = read.ok ? textOf(read.value) : null
  if (now === (was?.text ?? null)) return null
  // A link whose file is gone led where it had led.
  const end = real.ok ? real.value : link.ok ? (was?.leadsTo ?? path) : path
  const leadsTo = end === path ? null : end
  const target = leadsTo === null ? link : await host.stat(leadsTo)
  const times = [link, target].flatMap((stat) => (stat.ok ? [stat.value] : []))
  // A copy that keeps the time of what it was copied from changed when it came, not when that was written.
  const writtenMs = Math.max(0, ...times.map(({ modifiedMs }) => modifiedMs))
  const changedMs = Math.max(0, ...times.map((stat) => stat.changedMs))
  const changedAtMs = times.length === 0 ? null : writtenMs > loadedAtMs ? writtenMs : changedMs
  return { path, good: was?.text ?? null, now, was, leadsTo, changedAtMs }
}
