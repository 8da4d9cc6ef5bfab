/** Reads the limits that a web host runs into: cgroups, open files, connections kept open, disk space, the kernel's kills. */
import type { CouldNotTell } from '@fleetmend/shared'
import type { Read, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { cgroupPlace, readCounters, type CgroupPlace } from '../readings/cgroup.ts'
import type { DiskSpace } from '../readings/disk-space.ts'
import { readJournal } from '../readings/journal.ts'
import { localTimeMs } from '../readings/log-time.ts'
import type { NginxAllowance } from '../readings/nginx-capacity.ts'
import { readOomKills, type OomKill } from '../readings/oom-kills.ts'
import { answerOf } from './answer-of.ts'
import { diskSpace } from './disk-space.ts'
import { heldWorkers } from './held-workers.ts'
import type { FpmFacts } from './host-facts.ts'

export interface CapacityFacts {
  /** By service; absent where no master runs. */
  readonly fpm: ReadonlyMap<string, FpmCapacity>
  /** Null where nginx's configuration could not be read. */
  readonly nginx: NginxCapacity | null
  /** What the kernel killed for memory lately; null: not asked, because no worker of PHP was killed. */
  readonly oomKills: Read<readonly OomKill[]> | null
  /** Of the file systems that PHP-FPM and nginx write to. */
  readonly disks: Read<readonly NeededDisk[]>
  /** The longest queue of a listener that the kernel allows (net.core.somaxconn); null where it cannot be read. */
  readonly somaxconn: number | null
}

export interface FpmCapacity {
  readonly memory: (CgroupPlace & { readonly oomKills: number | null }) | null
  /** Null where nothing limits how many processes there may be. */
  readonly processes: { readonly limit: number; readonly now: number; readonly path: string } | null
  /** Workers that wait for the next request of a connection that nginx keeps open, by pool; absent: not looked at. */
  readonly held: ReadonlyMap<string, number>
}

export interface NginxCapacity extends NginxAllowance {
  readonly configPath: string
  /** When the newest of its files was changed. */
  readonly configModifiedMs: number | null
  /** Of the worker that has the most files open. */
  readonly openFiles: { readonly limit: number; readonly now: number } | null
}

export interface NeededDisk extends DiskSpace {
  readonly service: string
  readonly use: 'bodies' | 'log' | 'runtime'
}

export interface CapacityQuestion {
  readonly fpm: readonly FpmFacts[]
  readonly nginx: {
    readonly allowance: (NginxAllowance & { readonly configPath: string; readonly files: readonly string[] }) | null
    readonly workerPids: readonly number[]
    readonly logs: readonly string[]
  }
}

/** Kernel messages to look through: the table of tasks that comes with a kill is some hundred lines long. */
const kernelLines = 2000
const recentMs = 15 * 60_000

export async function capacityFacts(
  host: ReadHost,
  { fpm, nginx }: CapacityQuestion,
): Promise<{ readonly facts: CapacityFacts; readonly couldNotTell: readonly CouldNotTell[] }> {
  const { allowance } = nginx
  const [limits, openFiles, configModifiedMs, disks, somaxconn] = await Promise.all([
    Promise.all(fpm.map(async (service) => [service.service, await fpmCapacity(host, service, allowance)] as const)),
    openFilesOf(host, nginx.workerPids),
    allowance && newestChange(host, allowance.files),
    readDisks(host, diskNeeds({ fpm, nginx })),
    number(host, '/proc/sys/net/core', 'somaxconn'),
  ])
  const byService = new Map(limits.flatMap(([service, limit]) => (limit ? [[service, limit] as const] : [])))
  const killed = fpm.filter((service) => hasKilledWorkers(service, host.nowMs()))
  // systemd sees a kill, too, and may have stopped FPM before that could write of it.
  const isTold = fpm.some(({ unit }) => unit?.result === 'oom-kill')
  const oomKills = killed.length > 0 || isTold ? await readKernelKills(host) : null
  const facts: CapacityFacts = {
    fpm: byService,
    nginx: allowance && { ...allowance, configModifiedMs, openFiles },
    oomKills,
    disks,
    somaxconn,
  }
  return { facts, couldNotTell: unknowns(facts, killed) }
}

async function fpmCapacity(
  host: ReadHost,
  service: FpmFacts,
  allowance: NginxAllowance | null,
): Promise<FpmCapacity | null> {
  if (!service.master) return null
  const file = await host.readFile(`/proc/${service.master.pid}/cgroup`)
  const text = file.ok ? textOf(file.value) : ''
  const [memory, processes, held] = await Promise.all([
    memoryCgroup(host, cgroupPlace(text, 'memory')),
    processLimit(host, cgroupPlace(text, 'pids')),
    allowance && allowance.kept.length > 0 ? heldWorkers(host, service) : new Map<string, number>(),
  ])
  return { memory, processes, held }
}

async function memoryCgroup(host: ReadHost, place: CgroupPlace | null): Promise<FpmCapacity['memory']> {
  if (!place) return null
  const file = await host.readFile(`${place.folder}/${place.version === 2 ? 'memory.events' : 'memory.oom_control'}`)
  return { ...place, oomKills: (file.ok ? readCounters(textOf(file.value)).get('oom_kill') : undefined) ?? null }
}

/** The unit's own limit; the cgroups above it have thousands. */
async function processLimit(host: ReadHost, place: CgroupPlace | null): Promise<FpmCapacity['processes']> {
  if (!place) return null
  const [limit, now] = await Promise.all(['pids.max', 'pids.current'].map((name) => number(host, place.folder, name)))
  return typeof limit === 'number' && typeof now === 'number' ? { limit, now, path: place.folder } : null
}

/** `max` and anything else that is no number is null. */
async function number(host: ReadHost, folder: string, name: string): Promise<number | null> {
  const file = await host.readFile(`${folder}/${name}`)
  const text = file.ok ? textOf(file.value).trim() : ''
  return /^\d+$/.test(text) ? Number(text) : null
}

/** A host has as many workers as processors; a few of them tell. */
const workersToAsk = 16

async function openFilesOf(host: ReadHost, workers: readonly number[]): Promise<NginxCapacity['openFiles']> {
  const all = await Promise.all(
    workers.slice(0, workersToAsk).map(async (pid) => {
      const [limits, open] = await Promise.all([host.readFile(`/proc/${pid}/limits`), host.list(`/proc/${pid}/fd`)])
      const limit = limits.ok ? /^Max open files\s+(\d+)/m.exec(textOf(limits.value))?.[1] : undefined
      return limit !== undefined && open.ok ? [{ limit: Number(limit), now: open.value.length }] : []
    }),
  )
  return all.flat().toSorted((a, b) => b.now - a.now)[0] ?? null
}

export async function newestChange(host: ReadHost, paths: readonly string[]): Promise<number | null> {
  const stats = await Promise.all(
    paths.map(async (path) => {
      const real = await host.resolve(path)
      return Promise.all([path, ...(real.ok ? [real.value] : [])].map((each) => host.stat(each)))
    }),
  )
  const changes = stats.flat().flatMap((stat) => (stat.ok ? [stat.value.modifiedMs] : []))
  return changes.length === 0 ? null : Math.max(...changes)
}

type Need = Pick<NeededDisk, 'service' | 'use' | 'path'>

function diskNeeds({ fpm, nginx }: CapacityQuestion): readonly Need[] {
  const folder = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/'
  return [
    ...fpm.flatMap(({ service, log, config, pools }): Need[] => [
      ...logPlaces(log, config).map((path): Need => ({ service, use: 'log', path })),
      ...pools.flatMap(({ listen }): Need[] =>
        listen?.startsWith('unix:') ? [{ service, use: 'runtime', path: folder(listen.slice('unix:'.length)) }] : [],
      ),
    ]),
    ...(nginx.allowance?.bodyFolders ?? []).map((path): Need => ({ service: 'nginx', use: 'bodies', path })),
    ...[...new Set(nginx.logs.map(folder))].map((path): Need => ({ service: 'nginx', use: 'log', path })),
  ]
}

/** A log that is not there yet is made where the configuration says. */
function logPlaces(log: FpmFacts['log'], config: FpmFacts['config']): readonly string[] {
  if (log.ok) return [log.value.path]
  const named = config.ok ? config.value.global.get('error_log')?.value : undefined
  // `/proc/self/fd/2` and /dev/stderr are no files.
  return named?.startsWith('/') && !/^\/(proc|dev)\//.test(named) ? [named.slice(0, named.lastIndexOf('/')) || '/'] : []
}

async function readDisks(host: ReadHost, needs: readonly Need[]): Promise<CapacityFacts['disks']> {
  const spaces = await diskSpace(host, [...new Set(needs.map(({ path }) => path))])
  if (!spaces.ok) return spaces
  return {
    ok: true,
    value: needs.flatMap((need) =>
      spaces.value.filter(({ path }) => path === need.path).map((space) => ({ ...space, ...need })),
    ),
  }
}

/** SIGKILL: the kernel's way out of memory, and that of some people. */
function hasKilledWorkers({ log }: FpmFacts, nowMs: number): boolean {
  if (!log.ok) return false
  return log.value.entries.some(
    (entry) =>
      entry.event === 'child-signalled' && entry.signal === 9 && localTimeMs(entry.localTime) > nowMs - recentMs,
  )
}

async function readKernelKills(host: ReadHost): Promise<Read<readonly OomKill[]>> {
  const answer = await answerOf(host, { tool: 'kernel-journal', lines: kernelLines })
  if (!answer.ok) return answer
  const { entries } = readJournal(answer.value)
  // A kernel that has booted has said something: in a container its words are kept elsewhere.
  if (entries.length === 0) return { ok: false, why: 'missing', says: "the journal has none of the kernel's messages" }
  return { ok: true, value: readOomKills(entries) }
}

function unknowns({ fpm, oomKills, disks }: CapacityFacts, killed: readonly FpmFacts[]): readonly CouldNotTell[] {
  const notes: CouldNotTell[] = []
  for (const { service } of killed) {
    const memory = fpm.get(service)?.memory
    const isCounted = memory !== null && memory !== undefined && memory.oomKills !== null
    // A counter at zero speaks for every process in it; one above zero only where the cgroup is the service's own.
    if (isCounted && (memory.oomKills === 0 || memory.path !== '/')) continue
    if (oomKills && !oomKills.ok)
      notes.push({ what: `whether the kernel killed workers of ${service} for memory`, why: oomKills.says })
  }
  if (!disks.ok) notes.push({ what: 'whether a disk is full', why: disks.says })
  return notes
}
