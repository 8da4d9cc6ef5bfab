/** What the kernel says that a process takes: its memory, and the time of its threads. */
import { readFileSync } from 'node:fs'

export interface Memory {
  readonly rssKiB: number
  /** What would be free again if it ended. */
  readonly privateKiB: number
}

export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0)
  return { rssKiB: field('Rss'), privateKiB: field('Private_Clean') + field('Private_Dirty') }
}

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux. */
const ticksPerS = 100

/** Of user and kernel, in ms; those of /proc count in steps of 10 ms. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the program's name in parentheses and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerS
}
