/**
 * The one door to the machine. Code that decides gets a `ReadHost`, which cannot change anything; only `execute/` holds
 * a `Host`. Answers are values: a host that cannot be read says so, it does not throw.
 */
import type { HostId } from '@fleetmend/shared'

/** What reading came to. `says` is a clause for a person: "permission denied", "no such file". */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: ReadFailure; readonly says: string }

export type ReadFailure = 'missing' | 'denied' | 'timed-out' | 'too-big' | 'failed'

/** What doing something came to. */
export type Did = { readonly ok: true } | { readonly ok: false; readonly says: string }

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'link' | 'socket' | 'other'
  /** Permission bits only, e.g. `0o644`. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly sizeBytes: number
  readonly modifiedMs: number
  /** When anything of it was last changed, its name too: what programs cannot set to another time (ctime). */
  readonly changedMs: number
  readonly device: number
  readonly inode: number
}

/** A process as `/proc` shows it. With `startTicks` the pid is an identity: it survives an FPM reload, not a restart. */
export interface ProcessFacts {
  readonly pid: number
  readonly parentPid: number
  /** One letter of `/proc/PID/stat`: `R`, `S`, `D`, `T` (stopped), `Z` (zombie) … */
  readonly state: string
  /** Clock ticks since boot (proc_pid_stat(5), field 22). */
  readonly startTicks: number
  /** User and system time together, clock ticks (fields 14 and 15). */
  readonly cpuTicks: number
  readonly comm: string
  /** The command line with NULs as blanks; FPM writes its title here (`php-fpm: pool www`). Empty for zombies. */
  readonly title: string
  readonly uid: number
}

/** One run of a program from the closed set below. Text is decoded as latin1: a byte is a character. */
export interface ToolOutput {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** The programs that a host may be asked to run. None of them changes the host; none goes through a shell. */
export type Question =
  /** `systemctl show` with these properties; `--timestamp=unix` is unknown to systemd 247. */
  | { readonly tool: 'unit-properties'; readonly services: readonly string[]; readonly properties: readonly string[] }
  /** `getfacl --absolute-names --numeric` of paths whose modes do not tell the whole story. */
  | { readonly tool: 'file-acls'; readonly paths: readonly string[] }
  /** `journalctl -o json` of one unit (as _SYSTEMD_UNIT or UNIT), of this boot, newest last. */
  | { readonly tool: 'unit-journal'; readonly service: string; readonly lines: number; readonly sinceMs?: number }
  /** `journalctl --dmesg -o json`: the newest messages of the kernel since it booted. */
  | { readonly tool: 'kernel-journal'; readonly lines: number }
  /** `journalctl -o json` of audit records that journald took itself, and of the kernel's messages, oldest first. */
  | { readonly tool: 'denial-journal'; readonly sinceMs: number }
  /** `matchpathcon -V`: the SELinux labels of paths, beside those that the policy has for their places. */
  | { readonly tool: 'wrong-labels'; readonly paths: readonly string[] }
  /** `df` with sizes in bytes, for the file systems that hold these paths; it can be given up on. */
  | { readonly tool: 'disk-space'; readonly paths: readonly string[] }
  /** `ss -H -x -t -l -n -p` */
  | { readonly tool: 'listeners' }
  /** `php-fpmX.Y -F -O -t -y CONFIG` in a private mount namespace, where `planned` files stand in for live ones. */
  | {
      readonly tool: 'fpm-config-test'
      readonly binary: string
      readonly config: string
      readonly planned: PlannedFiles
      /** Live files that say the same in fewer bytes. */
      readonly abridged?: ReadonlyMap<string, Uint8Array>
    }
  /** As above with `-tt`: the effective configuration, the oracle for our own reading of it. */
  | {
      readonly tool: 'fpm-config-dump'
      readonly binary: string
      readonly config: string
      readonly planned: PlannedFiles
    }
  /** `systemd-analyze verify --man=no UNIT` in a private mount namespace with the planned files. */
  | { readonly tool: 'unit-verify'; readonly service: string; readonly planned: PlannedFiles }
  /** `nginx -t -q` in a private mount namespace: it would make logs, temporary folders and a pid file. */
  | {
      readonly tool: 'nginx-config-test'
      readonly binary: string
      readonly config: string | null
      readonly planned: PlannedFiles
    }
  /** What sudo, cron and sshd wrote to the journal since then, oldest first. */
  | { readonly tool: 'admin-journal'; readonly sinceMs: number }
  /** `nginx -T` in a private mount namespace: only tests use it, as the oracle for our own reading. */
  | { readonly tool: 'nginx-dump'; readonly binary: string }

/** Files as they would be: path to bytes, or `null` for a file that would be gone. */
export type PlannedFiles = ReadonlyMap<string, Uint8Array | null>

/** Where FPM listens, normalised: `unix:/run/php/php8.2-fpm.sock` or `tcp:127.0.0.1:9000`. */
export type SocketAddress = `unix:${string}` | `tcp:${string}`

export interface FastCgiRequest {
  readonly address: SocketAddress
  readonly params: Readonly<Record<string, string>>
  readonly limitMs: number
  /** Connect as this process would: its uid, gids and mount namespace (an nginx worker's pid). Root when absent. */
  readonly asProcess?: number
}

export type FastCgiReply =
  | {
      readonly kind: 'answered'
      /** From the `Status:` header; 200 when there is none. */
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string
      readonly stderr: string
      readonly connectMs: number
      readonly firstByteMs: number
      readonly tookMs: number
    }
  /** `errno` is `ENOENT`, `ECONNREFUSED`, `EACCES`, `EAGAIN` …: what nginx's worker would have met. */
  | { readonly kind: 'cannot-connect'; readonly errno: string; readonly says: string; readonly tookMs: number }
  /** Accepted into the backlog, but no answer in time: no worker was free, or the script is slow. */
  | { readonly kind: 'timed-out'; readonly connectMs: number; readonly tookMs: number }
  | { readonly kind: 'broken'; readonly says: string; readonly tookMs: number }

/** A file system, as statfs(2) has it. */
export interface SpaceFacts {
  readonly sizeBytes: number
  /** For anybody but root, who has a reserve on some file systems. */
  readonly freeBytes: number
  /** Zero where the file system makes inodes as it needs them. */
  readonly inodes: number
  readonly freeInodes: number
}

export interface HttpProbe {
  /** An address of this host that nginx listens on, e.g. `127.0.0.1` or `[::1]`. */
  readonly address: string
  readonly port: number
  readonly tls: boolean
  readonly serverName: string
  readonly path: string
  readonly limitMs: number
}

export type HttpReply =
  | { readonly kind: 'answered'; readonly status: number; readonly tookMs: number }
  | { readonly kind: 'no-answer'; readonly says: string; readonly tookMs: number }

/** A plain file that stays the same one, whatever is renamed or put in its place meanwhile. */
export interface OpenLog {
  /** When it was opened. */
  readonly facts: FileFacts
  /** Nothing beyond the size it had then; fewer bytes than there were where it has become shorter. */
  read(offset: number, bytes: number): Promise<Uint8Array>
}

export interface ReadHost {
  readonly id: HostId
  nowMs(): number
  readFile(path: string, limitBytes?: number): Promise<Read<Uint8Array>>
  /** Opens a log for as long as `use` runs. Others wait: one log is read at a time, so `use` must not ask for another. */
  withLog<T>(path: string, use: (log: OpenLog) => Promise<T>): Promise<Read<T>>
  /** The last `keepBytes` of what a gzipped log unpacks to; `too-big` where that is more than `limitBytes`. */
  readGzipEnd(
    path: string,
    limits: { readonly keepBytes: number; readonly limitBytes: number },
  ): Promise<Read<{ readonly bytes: Uint8Array; readonly isWhole: boolean }>>
  /** What was appended since `offset`; `missing` when the file became shorter (rotated). */
  readFrom(path: string, offset: number, limitBytes: number): Promise<Read<Uint8Array>>
  /** Of the path itself; a link is not followed. */
  stat(path: string): Promise<Read<FileFacts>>
  /** Names in a directory, byte-sorted, without `.` and `..`. */
  list(path: string): Promise<Read<readonly string[]>>
  /** The path with every link resolved. */
  resolve(path: string): Promise<Read<string>>
  /** What would keep root from replacing this resolved file or making it, as a clause; null: nothing does. */
  writeObstacle(path: string): Promise<string | null>
  /** Where a link of `/proc` points (`/proc/PID/exe`, `/proc/PID/fd/2`) or any link, unresolved. */
  readLink(path: string): Promise<Read<string>>
  /** Of the file system that holds a path, for one of this host: what another one serves may never answer; ask `df`. */
  space(path: string): Promise<Read<SpaceFacts>>
  processes(): Promise<Read<readonly ProcessFacts[]>>
  process(pid: number): Promise<Read<ProcessFacts>>
  ask(question: Question): Promise<Read<ToolOutput>>
  fastcgi(request: FastCgiRequest): Promise<FastCgiReply>
  http(probe: HttpProbe): Promise<HttpReply>
  userName(uid: number): Promise<string>
  groupName(gid: number): Promise<string>
  sleep(ms: number): Promise<void>
}

export interface ProcessIdentity {
  readonly pid: number
  readonly startTicks: number
}

/** Owner and mode for a file that does not exist yet. */
export interface NewFile {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of bytes that were there before: when they were written. Left out: now. */
  readonly modifiedMs?: number
}

/** What systemd is told to do with a unit; `-runtime` is until the next boot. */
export type SystemdVerb =
  | 'start'
  | 'stop'
  | 'restart'
  | 'reset-failed'
  | 'enable'
  | 'disable'
  | 'mask'
  | 'unmask'
  | 'mask-runtime'
  | 'unmask-runtime'

export interface Host extends ReadHost {
  /**
   * Replaces a file atomically: temporary name beginning with a dot beside it, attributes as the existing file's (mode,
   * owner, ACL, xattrs) or as `fresh` says, fsync, rename, fsync of the directory. Missing directories are made.
   * Answers with the directories it made, so that rollback can remove them.
   */
  replaceFile(
    path: string,
    bytes: Uint8Array,
    fresh: NewFile,
  ): Promise<Did & { readonly madeDirectories?: readonly string[] }>
  /** What `replaceFile` of this path left beside it where it was cut off in the middle. */
  removeLeftovers(path: string): Promise<Did>
  removeFile(path: string): Promise<Did>
  /** Only when it is empty. */
  removeDirectory(path: string): Promise<Did>
  /** Permission bits of a directory, which is not followed if it is a link by now; its owner and all else stay. */
  setDirectoryMode(path: string, mode: number): Promise<Did>
  systemd(verb: SystemdVerb, service: string, limitMs: number): Promise<Did>
  daemonReload(): Promise<Did>
  /** Sends nothing and says so when the pid no longer is that process. */
  signal(process: ProcessIdentity, signal: 'SIGSTOP' | 'SIGCONT' | 'SIGQUIT' | 'SIGUSR2' | 'SIGHUP'): Promise<Did>
  /**
   * Starts a second process that sends SIGCONT to `master` and to those of its children that stand still when this
   * process ends, however it ends, or after `limitMs`. Resolves once that process is ready; `release` makes it send SIGCONT now and end.
   */
  guardFrozen(master: ProcessIdentity, limitMs: number): Promise<Read<{ release(): Promise<void> }>>
}
