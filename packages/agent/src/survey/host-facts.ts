/** Everything a diagnosis or a remediation may rest on, read once per look. Values only; judged elsewhere. */
import type { CouldNotTell, HostId, SiteProbe } from '@fleetmend/shared'
import type { ProcessFacts, Read, SocketAddress } from '../host/host.ts'
import type { FpmConfig } from '../readings/fpm-config.ts'
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import type { FpmSlowRecord } from '../readings/fpm-slow-log.ts'
import type { FpmStatus } from '../readings/fpm-status.ts'
import type { AdminSession } from '../readings/admin-journal.ts'
import type { JournalEntry } from '../readings/journal.ts'
import type { NginxConfig } from '../readings/nginx-config.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { PortTries } from '../readings/port-tries.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import type { PassFacts, UpstreamFacts, WorkerAccount } from './address-facts.ts'
import type { CapacityFacts } from './capacity-facts.ts'
import type { LastGoodFacts } from './last-good-facts.ts'
import type { SecurityFacts } from './security-facts.ts'
import type { UndoFacts } from './undo-facts.ts'

export interface HostFacts {
  readonly host: HostId
  readonly takenAtMs: number
  readonly fpm: readonly FpmFacts[]
  readonly nginx: NginxFacts
  /** Of PHP-FPM's own addresses, where no nginx is here through which sites could be asked; `site` is the pool. */
  readonly poolProbes: readonly SiteProbe[]
  /** Null when it could not be read; then `couldNotTell` says so. */
  readonly memory: MemoryFacts | null
  /** What was recorded of each pool in the last days, by subject; a pool is absent when nothing was. */
  readonly history: ReadonlyMap<string, PoolHistory>
  readonly capacity: CapacityFacts
  readonly security: SecurityFacts
  /** Who was at work as root while a service that is down now went down; none where every service is up. */
  readonly adminSessions: Read<readonly AdminSession[]>
  readonly couldNotTell: readonly CouldNotTell[]
  /** What is to be undone; left out where nobody asks for that. */
  readonly undo?: UndoFacts
}

/** What the samples of the last days say of a pool: how much was asked of it at once, and what a worker grew to. */
export interface PoolHistory {
  readonly samples: number
  /** From the first sample to the last, hours. */
  readonly spanHours: number
  /** 95th percentile of busy workers plus requests in the queue. */
  readonly demandP95: number
  /** The biggest demand of any sample. */
  readonly demandMost: number
  /** 95th percentile of the biggest worker of each sample, MiB; null when no sample had one. */
  readonly peakP95MiB: number | null
}

/** One PHP-FPM service: who runs it, its master, configuration and pools. */
export interface FpmFacts {
  /** The unit without `.service`, e.g. `php8.2-fpm`; without a unit as its package calls it. */
  readonly service: string
  /** `8.2`, when it could be told from the binary's or the unit's name. */
  readonly phpVersion: string | null
  /** Null where systemd does not run it: in a container, by an init script, by a supervisor, by hand. */
  readonly unit: UnitProperties | null
  /** What stands in the unit's place where it is masked: a link, where it leads to and when it was made. */
  readonly mask: { readonly path: string; readonly leadsTo: string; readonly madeAtMs: number } | null
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
  /** Where the running master listens, as the kernel knows it: what it has loaded, whatever the files say. */
  readonly listensOn: readonly SocketAddress[]
  /** What FPM itself says about the files on disk: `-t`, exit code 0 or not. */
  readonly configTest: Read<{ readonly passes: boolean; readonly exitCode: number; readonly says: readonly string[] }>
  readonly master: ProcessFacts | null
  readonly masterMemory: WorkerMemory | null
  readonly pools: readonly PoolFacts[]
  /** `missing` where there is no unit. */
  readonly journal: Read<readonly JournalEntry[]>
  /** Left behind by a master that is gone, where no unit keeps its story; null: none. */
  readonly pidFile: PidFileFacts | null
  /** Where the FPM log is, and its newest entries; `unread` says why there are too few to rest causes on. */
  readonly log: Read<{ readonly path: string; readonly entries: readonly FpmLogEntry[]; readonly unread?: string }>
  /** Null where none was kept, and where nothing asks for it: what is on disk was loaded, runs and passes its test. */
  readonly lastGood: LastGoodFacts | null
}

export interface PidFileFacts {
  readonly path: string
  readonly pid: number
  readonly writtenMs: number
}

export interface PoolFacts {
  readonly name: string
  /** `php8.2-fpm/www`: how findings and inputs name it. */
  readonly subject: string
  readonly listen: SocketAddress | null
  /** When the file with that `listen` was last changed; null where that could not be read. */
  readonly listenModifiedMs: number | null
  readonly processManager: 'static' | 'dynamic' | 'ondemand' | null
  readonly maxChildren: number | null
  readonly workers: readonly WorkerFacts[]
  /**
   * Connections waiting in the listener's queue in each of a few samples, and the queue's limit, from `ss`. The status
   * page cannot be used: its `listen queue` is always 0 for unix sockets (php bug #80739).
   */
  readonly queue: Read<{ readonly waiting: readonly number[]; readonly limit: number | null }>
  /** Connections of this host itself to a pool that listens on TCP; none for unix sockets. */
  readonly connections: PortTries
  readonly status: Read<FpmStatus>
  /** `chroot` and `chdir`, where they are set. */
  readonly workingFolders: readonly WorkingFolder[]
  /** The newest records; `missing` where the pool has no slow log. */
  readonly slowLog: Read<{ readonly path: string; readonly records: readonly FpmSlowRecord[] }>
}

export interface WorkingFolder {
  readonly directive: string
  readonly path: string
  /** FILE:LINE */
  readonly at: string
  /** Null when it cannot be told. */
  readonly exists: boolean | null
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
  /** Null when nginx is not installed here, or systemd does not run it. */
  readonly unit: UnitProperties | null
  /** Absolute path: what runs, or what its unit would start, or where packages put it. */
  readonly binary: string
  /** Our own reading of the files on disk, with where each value stands. */
  readonly config: Read<NginxConfig>
  /** What nginx itself says about the files on disk: `-t`. */
  readonly configTest: Read<{ readonly passes: boolean; readonly exitCode: number; readonly says: readonly string[] }>
  readonly journal: Read<readonly JournalEntry[]>
  /** Left behind by a master that is gone, where no unit keeps its story; null: none. */
  readonly pidFile: PidFileFacts | null
  /** Null when no nginx master runs. */
  readonly master: ProcessFacts | null
  /** The pid of one nginx worker, to connect as. */
  readonly workerPid: number | null
  /** Workers of the configuration that holds now: those of an earlier one, shutting down or gone, are not among them. */
  readonly workerPids: readonly number[]
  readonly sites: Read<readonly SiteFacts[]>
  /** None when the configuration could not be read, which `sites` then says. */
  readonly proxied: readonly ProxiedSiteFacts[]
  readonly errors: readonly NginxErrorEntry[]
  /** When its workers took over the configuration they run with, as nearly as can be told; null when none runs. */
  readonly loadedAtMs: number | null
  /** Whom its workers run as; null when none runs, or it could not be read. */
  readonly worker: WorkerAccount | null
  /** Every `fastcgi_pass`. */
  readonly passes: readonly PassFacts[]
  /** Every address that sites send requests for PHP to, each once. */
  readonly upstreams: readonly UpstreamFacts[]
  /** As of PHP-FPM. */
  readonly lastGood: LastGoodFacts | null
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
  /** Its locations that hand requests to PHP. */
  readonly phpLocations: readonly PhpLocationFacts[]
  /** Of the last five minutes, from its access logs, which other sites may share. */
  readonly requests: Read<RecentRequests>
  /** Over HTTP through nginx first, then over FastCGI to each upstream. */
  readonly probes: readonly SiteProbe[]
}

export interface RecentRequests {
  readonly total: number
  readonly byStatus: ReadonlyMap<number, number>
}

/** A value that holds at a place of nginx's configuration, as written; `at` is FILE:LINE, null where nothing sets it. */
export interface NginxSetting {
  readonly text: string
  readonly at: string | null
}

export interface PhpLocationFacts {
  /** FILE:LINE */
  readonly at: string
  /** Addresses as the configuration and nginx's log name them, and what they are with links followed. */
  readonly passes: readonly { readonly named: SocketAddress; readonly address: SocketAddress }[]
  /** fastcgi_connect_timeout, fastcgi_send_timeout and fastcgi_read_timeout: after each of them visitors get 504. */
  readonly connectTimeout: NginxSetting
  readonly sendTimeout: NginxSetting
  readonly readTimeout: NginxSetting
  readonly headerBuffer: NginxSetting
  /** Null where nothing sets it, and FPM knows no script. */
  readonly scriptFilename: NginxSetting | null
  /** Where FPM is told to look for scripts; null where only a request tells. */
  readonly scriptFolder: ScriptFolder | null
  /** Where the site has its files, as its `root` says; null where only a request tells. */
  readonly documentRoot: { readonly path: string; readonly hasScripts: boolean | null } | null
}

export interface ScriptFolder {
  readonly path: string
  /** Null when it cannot be told. */
  readonly exists: boolean | null
  /** Of one that is gone: what there is beside the place where it was, a few names. */
  readonly beside?: readonly string[]
}

/** One `server_name` of the effective configuration that hands requests to another server over HTTP (`proxy_pass`). */
export interface ProxiedSiteFacts {
  readonly serverName: string
  readonly serverNames: readonly string[]
  readonly errorLogs: readonly string[]
  readonly passes: readonly ProxyPassFacts[]
  /** One over HTTP through nginx, unless the same server also hands requests to PHP and has it there. */
  readonly probes: readonly SiteProbe[]
}

export interface ProxyPassFacts {
  /** As written: `http://127.0.0.1:8000`. */
  readonly target: string
  /** FILE:LINE */
  readonly at: string
  readonly readTimeout: NginxSetting
  readonly backends: readonly BackendFacts[]
}

export interface BackendFacts {
  readonly address: SocketAddress
  /** Whether something listens there; null when it is on another host, or cannot be told. */
  readonly listening: boolean | null
  /** Connections that wait to be accepted, in each of a few looks; none when it is on another host. */
  readonly waiting: readonly number[]
}
