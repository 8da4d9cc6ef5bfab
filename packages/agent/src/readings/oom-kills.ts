/** What the kernel says of processes it killed for memory, out of its own messages (reference G.6). */
import type { JournalEntry } from './journal.ts'

export interface OomKill {
  readonly atMs: number
  /** As the kernel counts: on a host that is a container, not what the host itself calls it. */
  readonly pid: number
  readonly name: string
  /** The cgroup of the victim; null before kernel 5.0, which does not say. */
  readonly cgroup: string | null
  /** Whose limit was hit; null when the whole host was out of memory, or where the kernel does not say. */
  readonly limitCgroup: string | null
  /** The kernel's line, for a person. */
  readonly says: string
}

/**
 * `entries` are the kernel's alone. Since 5.0 it writes an `oom-kill:` line with cgroups, and then `Killed process`;
 * before, only the latter. A process names itself, commas and all, so that the numbers are read from the end.
 */
export function readOomKills(entries: readonly JournalEntry[]): readonly OomKill[] {
  const kills: OomKill[] = []
  for (const { atMs, message } of entries) {
    const told = /^oom-kill:.*task_memcg=([^,]*),task=(.*),pid=(\d+),uid=\d+$/.exec(message)
    if (told) {
      const [, cgroup = '', name = '', pid] = told
      const limitCgroup = /,oom_memcg=([^,]*),/.exec(message)?.[1] ?? null
      kills.push({ atMs, pid: Number(pid), name, cgroup, limitCgroup, says: message })
      continue
    }
    const killed = /^(?:Memory cgroup out of memory: |Out of memory: )?Kill(?:ed)? process (\d+) \((.*)\)/.exec(message)
    if (!killed) continue
    const [, pid, name = ''] = killed
    const known = kills.at(-1)
    if (known?.pid === Number(pid) && atMs - known.atMs < sameKillMs) kills.splice(-1, 1, { ...known, says: message })
    else kills.push({ atMs, pid: Number(pid), name, cgroup: null, limitCgroup: null, says: message })
  }
  return kills
}

/** Between the lines of one kill. */
const sameKillMs = 2000
