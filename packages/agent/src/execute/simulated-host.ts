/**
 * For tests: a host with files, systemd and PHP-FPM in memory, whose every deed can be made to fail, and on which the
 * agent can be made to die at any point: before a deed, after it, and before any line of a journal.
 */
import { basename, dirname } from 'node:path'
import type { Did, FileFacts, Host, NewFile, ProcessFacts, Question, Read, ToolOutput } from '../host/host.ts'
import {
  bootFpm,
  dieFpm,
  fpmProcesses,
  isBadConfig,
  passTime,
  signalFpm,
  simulatedFpm,
  startFpm,
  wakeFpm,
  type SimulatedFpm,
} from './simulated-fpm.ts'
import { nginxProcesses, nginxUnitText, reloadNginxOf, simulatedNginx, type SimulatedNginx } from './simulated-nginx.ts'

export interface SimulatedFile {
  readonly bytes: Uint8Array
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly modifiedMs: number
}

export interface World {
  readonly files: Map<string, SimulatedFile>
  readonly directories: Set<string>
  /** Of directories that are not 0755. */
  readonly directoryModes: Map<string, number>
  /** UnitFileState of PHP-FPM's unit. */
  unitFileState: string
  readonly fpm: SimulatedFpm
  /** Null: none is here. */
  nginx: SimulatedNginx | null
  /** Drop-ins as systemd has read them. */
  loadedDropIns: string
  /** Processes other than FPM's: the agent itself. */
  readonly agents: Map<number, ProcessFacts>
  /** Whether a second process wakes a frozen master when the agent dies. */
  guard: { readonly pid: number } | null
  unitComplaints: string
}

/** The agent's own process is gone; only tests throw it, and nothing catches it but tests. */
export class CrashError extends Error {}

export interface Mishap {
  /** The agent dies at this boundary; they are counted from 1. */
  readonly crashAt?: number
  /** This deed answers that it could not be done. */
  readonly failDeed?: number
}

export interface SimulatedHost extends Host {
  readonly boundaries: () => number
  readonly deeds: readonly string[]
}

export const dropInPath = '/etc/systemd/system/php8.2-fpm.service.d/50-fleetmend.conf'
export const poolBefore =
  '[www]\nuser = www-data\nlisten = /run/php/php8.2-fpm.sock\npm = static\npm.max_children = 2\n'
export const poolAfter = poolBefore.replace('= 2', '= 4')

export function simulatedWorld(nowMs: number, { isUp = true, pool = poolBefore } = {}): World {
  const files = new Map<string, SimulatedFile>()
  const put = (path: string, text: string, mode = 0o644, gid = 0) =>
    files.set(path, { bytes: Buffer.from(text), mode, uid: 0, gid, modifiedMs: nowMs - 1000 })
  put(
    '/etc/php/8.2/fpm/php-fpm.conf',
    '[global]\nerror_log = /var/log/php8.2-fpm.log\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n',
  )
  put('/usr/lib/systemd/system/php8.2-fpm.service', '[Service]\n')
  put('/etc/php/8.2/fpm/pool.d/www.conf', pool, 0o640, 33)
  put('/etc/passwd', 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\n')
  put('/etc/group', 'root:x:0:\nwww-data:x:33:\n')
  put('/proc/meminfo', 'MemTotal: 8192000 kB\nMemAvailable: 4096000 kB\n')
  put('/var/log/nginx/access.log', '')
  const directories = new Set([
    '/',
    '/etc',
    '/etc/php',
    '/etc/php/8.2',
    '/etc/php/8.2/fpm',
    '/etc/php/8.2/fpm/pool.d',
    '/etc/systemd',
    '/etc/systemd/system',
    '/run',
    '/run/php',
    '/run/systemd',
    '/run/systemd/system',
    '/var',
    '/var/log',
    '/var/log/nginx',
  ])
  const readPool = () => Buffer.from(files.get('/etc/php/8.2/fpm/pool.d/www.conf')?.bytes ?? []).toString()
  return {
    files,
    directories,
    directoryModes: new Map(),
    unitFileState: 'enabled',
    fpm: simulatedFpm(readPool, nowMs, isUp),
    nginx: null,
    loadedDropIns: '',
    agents: new Map(),
    guard: null,
    unitComplaints: '',
  }
}

/** An nginx that keeps connections to every worker that there is. */
export function keepConnections(world: World): void {
  const put = (path: string, text: string) =>
    world.files.set(path, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  put('/etc/nginx/nginx.conf', 'events {}\n')
  put('/proc/uptime', '1000.00 1900.00\n')
  world.nginx = simulatedNginx(world.fpm)
}

/** The door to the world for one process of the agent, which lives until it crashes. */
export function hostOf(world: World, mishap: Mishap = {}): SimulatedHost {
  const { files, directories, fpm } = world
  const deeds: string[] = []
  let boundaries = 0
  const boundary = () => {
    boundaries += 1
    if (boundaries === mishap.crashAt) throw new CrashError(`at boundary ${boundaries}`)
  }
  async function deed(name: string, effect: () => Did): Promise<Did> {
    boundary()
    deeds.push(name)
    const did: Did = deeds.length === mishap.failDeed ? { ok: false, says: `${name} was made to fail` } : effect()
    boundary()
    return did
  }
  const textOf = (path: string) => (path === fpm.logPath ? Buffer.from(fpm.log) : files.get(path)?.bytes)
  const processes = () => [
    ...world.agents.values(),
    ...fpmProcesses(fpm),
    ...(world.nginx ? nginxProcesses(world.nginx) : []),
  ]
  const found = <T>(value: T | undefined): Read<T> =>
    value === undefined ? { ok: false, why: 'missing', says: 'no such file' } : { ok: true, value }
  return {
    id: 'web-7',
    boundaries: () => boundaries,
    deeds,
    nowMs() {
      boundary()
      return fpm.nowMs
    },
    readFile: async (path) => found(textOf(path)),
    withLog: async (path, use) => {
      const [bytes, facts] = [textOf(path), factsOf(world, path)]
      const read = async (offset: number, length: number) =>
        bytes?.subarray(offset, offset + length) ?? new Uint8Array()
      return bytes && facts ? { ok: true, value: await use({ facts, read }) } : found<never>(undefined)
    },
    readGzipEnd: async () => found<never>(undefined),
    readFrom: async (path, offset) => found(textOf(path)?.subarray(offset)),
    stat: async (path) => found(factsOf(world, path)),
    list: async (path) => ({
      ok: true,
      value: [...files.keys()]
        .filter((each) => each.slice(0, each.lastIndexOf('/')) === path)
        .map((each) => each.slice(path.length + 1)),
    }),
    resolve: async (path) => found(factsOf(world, path) && path),
    writeObstacle: async () => null,
    readLink: async (path) =>
      found(
        path === `/proc/${fpm.master.pid}/exe`
          ? '/usr/sbin/php-fpm8.2'
          : path === `/proc/${fpm.master.pid}/fd/2`
            ? fpm.logPath
            : undefined,
      ),
    space: async () => found<never>(undefined),
    processes: async () => ({ ok: true, value: processes() }),
    process: async (pid) => found(processes().find((each) => each.pid === pid)),
    ask: async (question) => ({ ok: true, value: answer(world, question) }),
    fastcgi: async () => ({ kind: 'cannot-connect', errno: 'ECONNREFUSED', says: 'connection refused', tookMs: 0 }),
    http: async () => ({ kind: 'no-answer', says: 'nobody', tookMs: 0 }),
    userName: async (uid) => (uid === 0 ? 'root' : 'www-data'),
    groupName: async (gid) => (gid === 0 ? 'root' : 'www-data'),
    sleep: async (ms) => passTime(fpm, ms),
    replaceFile: async (path, bytes, fresh) => {
      // Cut off in the middle, the real one leaves its temporary file.
      files.set(leftoverOf(path), { modifiedMs: fpm.nowMs, ...fresh, bytes })
      boundary()
      files.delete(leftoverOf(path))
      return deed(`write ${path}`, () => replace(world, path, bytes, fresh))
    },
    removeLeftovers: async (path) => {
      if (!files.has(leftoverOf(path))) return { ok: true }
      return deed(`clean up beside ${path}`, () => {
        files.delete(leftoverOf(path))
        return { ok: true }
      })
    },
    removeFile: async (path) =>
      deed(`remove ${path}`, () => (files.delete(path) ? { ok: true } : { ok: false, says: 'no such file' })),
    removeDirectory: async (path) =>
      deed(`rmdir ${path}`, () => {
        if ([...files.keys(), ...directories].some((each) => each.startsWith(`${path}/`)))
          return { ok: false, says: 'it is not empty' }
        return directories.delete(path) ? { ok: true } : { ok: false, says: 'no such directory' }
      }),
    setDirectoryMode: async (path, mode) =>
      deed(`chmod ${path}`, () => {
        world.directoryModes.set(path, mode)
        return { ok: true }
      }),
    systemd: async (verb, service) =>
      deed(`${verb} ${service}`, () => {
        if (verb === 'enable' || verb === 'disable') world.unitFileState = `${verb}d`
        if (verb === 'restart') dieFpm(fpm, 'success')
        if ((verb === 'start' || verb === 'restart') && !startFpm(fpm)) return { ok: false, says: 'Job failed' }
        if (verb === 'reset-failed' && fpm.activeState === 'failed') fpm.activeState = 'inactive'
        return { ok: true }
      }),
    daemonReload: async () =>
      deed('daemon-reload', () => {
        world.loadedDropIns = Buffer.from(files.get(dropInPath)?.bytes ?? []).toString()
        return { ok: true }
      }),
    signal: async (process, signal) =>
      deed(`${signal} ${process.pid}`, () => {
        if (!processes().some((each) => each.pid === process.pid && each.startTicks === process.startTicks))
          return { ok: false, says: `process ${process.pid} is gone` }
        if (signal === 'SIGHUP' && world.nginx?.master.pid === process.pid) reloadNginxOf(world.nginx, fpm)
        else signalFpm(fpm, process.pid, signal)
        return { ok: true }
      }),
    guardFrozen: async (master) => {
      const did = await deed('guard', () => {
        world.guard = { pid: master.pid }
        return { ok: true }
      })
      if (!did.ok) return { ok: false, why: 'failed', says: did.says }
      const release = async () => {
        boundary()
        releaseGuard(world)
        boundary()
      }
      return { ok: true, value: { release } }
    },
  }
}

/** Everything that ran is gone, and what is on disk is what is loaded now. */
export function failPower(world: World): void {
  world.agents.clear()
  world.guard = null
  world.loadedDropIns = Buffer.from(world.files.get(dropInPath)?.bytes ?? []).toString()
  world.fpm.nowMs += bootMs
  if (world.unitFileState === 'enabled') bootFpm(world.fpm)
  else dieFpm(world.fpm, 'success')
}

const bootMs = 10_000

/** What the second process does when the first is gone. */
export function releaseGuard(world: World): void {
  if (world.guard) wakeFpm(world.fpm, world.guard.pid)
  world.guard = null
}

function replace(world: World, path: string, bytes: Uint8Array, fresh: NewFile): Did {
  const { files, directories, fpm } = world
  for (let directory = path; (directory = directory.slice(0, directory.lastIndexOf('/'))) !== '';)
    directories.add(directory)
  const { mode, uid, gid } = files.get(path) ?? fresh
  files.set(path, { bytes: Buffer.from(bytes), mode, uid, gid, modifiedMs: fresh.modifiedMs ?? fpm.nowMs })
  return { ok: true }
}

function factsOf(world: World, path: string): FileFacts | undefined {
  const { files, directories, fpm } = world
  const other = { mode: 0o755, uid: 0, gid: 0, sizeBytes: 0, modifiedMs: 0, changedMs: 0, device: 1, inode: 1 }
  if (directories.has(path)) return { ...other, kind: 'directory', mode: world.directoryModes.get(path) ?? other.mode }
  if (path === fpm.logPath) return { ...other, kind: 'file', sizeBytes: fpm.log.length }
  const file = files.get(path)
  return file && { ...other, ...file, kind: 'file', sizeBytes: file.bytes.length }
}

function leftoverOf(path: string): string {
  return `${dirname(path)}/.${basename(path)}.fleetmend-0123456789ab`
}

function answer(world: World, question: Question): ToolOutput {
  const { fpm } = world
  const output = (stdout: string, exitCode = 0, stderr = ''): ToolOutput => ({ exitCode, stdout, stderr })
  switch (question.tool) {
    case 'unit-properties':
      return output(
        [
          ...(world.nginx && question.services.includes('nginx') ? [nginxUnitText(world.nginx), ''] : []),
          'Id=php8.2-fpm.service',
          'LoadState=loaded',
          `ActiveState=${fpm.activeState}`,
          `SubState=${fpm.isUp ? 'running' : 'dead'}`,
          `UnitFileState=${world.unitFileState}`,
          `Result=${fpm.result}`,
          `MainPID=${fpm.isUp ? fpm.master.pid : 0}`,
          'ExecMainStatus=0',
          'WatchdogUSec=0',
          'ExecStart={ path=/usr/sbin/php-fpm8.2 ; argv[]=/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf ; }',
        ].join('\n'),
      )
    case 'listeners':
      return output(
        fpm.isUp
          ? `u_str LISTEN 0 4096 /run/php/php8.2-fpm.sock 12345 * 0 users:(("php-fpm8.2",pid=${fpm.master.pid},fd=8))\n`
          : '',
      )
    case 'fpm-config-test': {
      const planned = question.planned.get(fpm.poolPath)
      const text = planned ? Buffer.from(planned).toString() : fpm.readPool()
      return isBadConfig(text)
        ? output('', 78, "ERROR: [/etc/php/8.2/fpm/pool.d/www.conf:6] unknown entry 'unknown_directive'\n")
        : output('')
    }
    case 'unit-verify':
      return output('', 0, world.unitComplaints)
    default:
      return output('')
  }
}
