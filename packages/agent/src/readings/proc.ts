/** Files of /proc and /sys/fs/cgroup. */
import type { ProcessFacts } from '../host/host.ts'
import type { WorkerMemory } from '../survey/host-facts.ts'

/** `/proc/PID/stat`, `/proc/PID/status` and `/proc/PID/cmdline` together; null when one is not of its form. */
export function readProcess(stat: string, status: string, cmdline: string): ProcessFacts | null {
  // The name in parentheses may itself hold blanks and parentheses; the last one closes it.
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1]
  if (open < 0 || close < open || uid === undefined) return null
  const fields = stat
    .slice(close + 2)
    .trim()
    .split(' ')
  const number = (field: number) => Number(fields[field - 3])
  const facts = {
    pid: Number(stat.slice(0, open)),
    parentPid: number(4),
    state: fields[0] ?? '',
    startTicks: number(22),
    cpuTicks: number(14) + number(15),
    comm: stat.slice(open + 1, close),
    title: cmdline.replaceAll('\0', ' ').trimEnd(),
    uid: Number(uid),
  }
  return [facts.pid, facts.parentPid, facts.startTicks, facts.cpuTicks].some(Number.isNaN) ? null : facts
}

/** `/proc/PID/smaps_rollup` and `/proc/PID/status`. */
export function readWorkerMemory(smapsRollup: string, status: string): WorkerMemory | null {
  const rollup = kibibytes(smapsRollup)
  const now = kibibytes(status)
  const rssKiB = rollup('Rss')
  const pssKiB = rollup('Pss')
  const peakRssKiB = now('VmHWM')
  if (rssKiB === null || pssKiB === null || peakRssKiB === null) return null
  const privateKiB = (rollup('Private_Clean') ?? 0) + (rollup('Private_Dirty') ?? 0)
  return {
    rssKiB,
    pssKiB,
    privateKiB,
    sharedMemoryKiB: now('RssShmem') ?? 0,
    sharedFileKiB: Math.max(0, (now('RssFile') ?? 0) - (rollup('Private_Clean') ?? 0)),
    peakRssKiB,
  }
}

/** `/proc/PID/status`: the most a worker's own memory ever was, MiB, without what it shares with others. */
export function readPeakMiB(status: string): number | null {
  const field = kibibytes(status)
  const peak = field('VmHWM')
  return peak === null ? null : Math.ceil(Math.max(0, peak - (field('RssShmem') ?? 0) - (field('RssFile') ?? 0)) / 1024)
}

export function readMeminfo(text: string): { readonly totalMiB: number; readonly availableMiB: number } | null {
  const field = kibibytes(text)
  const total = field('MemTotal')
  const available = field('MemAvailable')
  return total === null || available === null
    ? null
    : { totalMiB: Math.floor(total / 1024), availableMiB: Math.floor(available / 1024) }
}

function kibibytes(text: string): (name: string) => number | null {
  const fields = new Map(
    [...text.matchAll(/^(\w+):\s+(\d+) kB$/gm)].map(([, name = '', value]) => [name, Number(value)]),
  )
  return (name) => fields.get(name) ?? null
}

/** `/proc/PID/cgroup`: the v2 path, or the v1 path of the memory controller. */
export function readCgroupPaths(text: string): { readonly v2: string | null; readonly v1Memory: string | null } {
  const lines = text.split('\n').flatMap((line) => {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line)
    const [, controllers = '', path = ''] = match ?? []
    return match ? [{ controllers: controllers.split(','), path }] : []
  })
  return {
    v2: lines.find(({ controllers }) => controllers[0] === '')?.path ?? null,
    v1Memory: lines.find(({ controllers }) => controllers.includes('memory'))?.path ?? null,
  }
}

/** Groups of `/proc/PID/status`: uid, gid, supplementary gids. The second number of four is the effective one. */
export function readCredentials(
  status: string,
): { readonly uid: number; readonly gid: number; readonly groups: readonly number[] } | null {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]
  const gid = /^Gid:\s+\d+\s+(\d+)/m.exec(status)?.[1]
  if (uid === undefined || gid === undefined) return null
  const groups = /^Groups:[ \t]*(.*)$/m.exec(status)?.[1]?.trim() ?? ''
  return { uid: Number(uid), gid: Number(gid), groups: groups === '' ? [] : groups.split(/\s+/).map(Number) }
}

/** `php-fpm: pool www` → `www`, `php-fpm: master process (/path)` → the path. */
export function readFpmTitle(
  title: string,
): { readonly is: 'pool'; readonly pool: string } | { readonly is: 'master'; readonly config: string } | null {
  const master = /^php-fpm: master process \((.*)\)\s*$/.exec(title)
  if (master) return { is: 'master', config: master[1] ?? '' }
  const pool = /^php-fpm: pool (\S+)\s*$/.exec(title)
  return pool ? { is: 'pool', pool: pool[1] ?? '' } : null
}

/** A program of FPM that has not given itself a title yet: PHP takes a moment to start, also when a reload executes it anew. */
export function isFpmWithoutTitle(title: string): boolean {
  return /^(?:\S*\/)?php-fpm[\d.]*(?: |$)/.test(title)
}
