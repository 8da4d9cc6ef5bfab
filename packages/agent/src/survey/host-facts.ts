/** Everything a diagnosis or a remediation may rest on, read once per look. Values only; judged elsewhere. */
import type { CouldNotTell, HostId, SiteProbe } from '@fleetmend/shared'
import type { ProcessFacts, Read, SocketAddress } from '../host/host.ts'
import type { FpmConfig } from '../readings/fpm-config.ts'
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import type { FpmStatus } from '../readings/fpm-status.ts'
import type { JournalEntry } from '../readings/journal.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'

export interface HostFacts {
  readonly host: HostId
  readonly takenAtMs: number
  readonly fpm: readonly FpmFacts[]
  readonly nginx: NginxFacts
  /** Null when it could not be read; then `couldNotTell` says so. */
  readonly memory: MemoryFacts | null
  readonly couldNotTell: readonly CouldNotTell[]
}

/** One PHP-FPM service: a unit with its master, configuration and pools. */
export interface FpmFacts {
  /** The unit without `.service`, e.g. `php8.2-fpm`. */
  readonly service: string
  /** `8.2`, when it could be told from the binary's or the unit's name. */
  readonly phpVersion: string | null
  readonly unit: UnitProperties
  /** Texts of the unit's drop-ins, byte text. */
  readonly dropIns: readonly { readonly path: string; readonly text: string }[]
  /** Absolute path, from the running master's `/proc/PID/exe` or the unit's ExecStart. */
  readonly binary: string
  readonly configPath: string
  /** Our own reading of the files on disk, with where each value stands. */
  readonly config: Read<FpmConfig>
  /** The newest modification time of those files. */
  readonly configModifiedMs: number | null
  /** When the running master last loaded its configuration: start or reload. */
  readonly loadedAtMs: number | null
  /** What FPM itself says about the files on disk: `-t`, exit code 0 or not. */
  readonly configTest: Read<{ readonly passes: boolean; readonly exitCode: number; readonly says: readonly string[] }>
  readonly master: ProcessFacts | null
  readonly masterMemory: WorkerMemory | null
  readonly pools: readonly PoolFacts[]
  readonly journal: Read<readonly JournalEntry[]>
  /** Where the FPM log is, and its newest entries. */
  readonly log: Read<{ readonly path: string; readonly entries: readonly FpmLogEntry[] }>
}

export interface PoolFacts {
  readonly name: string
  /** `php8.2-fpm/www`: how findings and inputs name it. */
  readonly subject: string
  readonly listen: SocketAddress | null
  readonly processManager: 'static' | 'dynamic' | 'ondemand' | null
  readonly maxChildren: number | null
  readonly workers: readonly WorkerFacts[]
  /**
   * Connections waiting in the listener's queue in each of a few samples, and the queue's limit, from `ss`. The status
   * page cannot be used: its `listen queue` is always 0 for unix sockets (php bug #80739).
   */
  readonly queue: Read<{ readonly waiting: readonly number[]; readonly limit: number }>
  readonly status: Read<FpmStatus>
}

export interface WorkerFacts extends ProcessFacts {
  /** From `smaps_rollup` and `status`, kibibytes; absent when unreadable. */
  readonly memory: WorkerMemory | null
}

export interface WorkerMemory {
  readonly rssKiB: number
  readonly pssKiB: number
  /** Private_Clean + Private_Dirty: what only this worker costs, now. */
  readonly privateKiB: number
  readonly sharedMemoryKiB: number
  /** RssFile minus what is private of it: text and libraries that all workers share. */
  readonly sharedFileKiB: number
  /** VmHWM: the most it ever had resident. */
  readonly peakRssKiB: number
}

export interface MemoryFacts {
  readonly totalMiB: number
  readonly availableMiB: number
  /** The tightest memory limit of the cgroups above each FPM service, by service; absent: none. */
  readonly cgroupLimitMiB: ReadonlyMap<
    string,
    { readonly limitMiB: number; readonly usedMiB: number; readonly path: string }
  >
}

export interface NginxFacts {
  /** Null when nginx is not installed here. */
  readonly unit: UnitProperties | null
  /** Null when no nginx master runs. */
  readonly master: ProcessFacts | null
  /** The pid of one nginx worker, to connect as. */
  readonly workerPid: number | null
  readonly sites: Read<readonly SiteFacts[]>
  readonly errors: readonly NginxErrorEntry[]
}

/** One `server_name` of the effective configuration that hands requests to FastCGI. */
export interface SiteFacts {
  /** The name it is asked for by. */
  readonly serverName: string
  /** All its names, patterns included. */
  readonly serverNames: readonly string[]
  /** Where a probe can reach it; null when `unreachable` says why none can. */
  readonly listen: { readonly address: string; readonly port: number; readonly tls: boolean } | null
  readonly unreachable: string | null
  /** Where its requests for PHP go, normalised; null for a variable or a name that did not resolve. */
  readonly upstreams: readonly SocketAddress[]
  readonly accessLogs: readonly string[]
  readonly errorLogs: readonly string[]
  /** Over HTTP through nginx first, then over FastCGI to each upstream. */
  readonly probes: readonly SiteProbe[]
}
