/**
 * For tests: the door to a simulated world for one process of the agent. Every deed can be made to fail, and the agent to
 * die at any point: before a deed, after it, and before any line of a journal.
 */
import { basename, dirname } from 'node:path'
import type { Did, FileFacts, Host, NewFile, Question, Read, ToolOutput } from '../host/host.ts'
import { dieFpm, fpmProcesses, isBadConfig, passTime, signalFpm, startFpm } from './simulated-fpm.ts'
import { nginxProcesses, nginxUnitText, reloadNginxOf } from './simulated-nginx.ts'
import { dropInPath, releaseGuard, type World } from './simulated-world.ts'

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

/** It lives until it crashes. */
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
