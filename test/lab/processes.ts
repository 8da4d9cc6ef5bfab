/** The little that the lab asks `/proc`: who is whose child, whether a process still is the one that was meant. */
import { readdirSync, readFileSync } from 'node:fs'

/** A pid alone may be somebody else by now; with its start it is an identity. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTicks: number
}

/** This process, for others to see whether it still lives. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: stat(process.pid)?.startTicks ?? 0 }
}

export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  const now = stat(pid)
  return now?.startTicks === startTicks && now.state !== 'Z'
}

/** Children of a process; not every kernel has `/proc/PID/task/PID/children`. */
export function childrenOf(parent: number): readonly number[] {
  return allPids().filter((pid) => stat(pid)?.parentPid === parent)
}

/** The name of the program, as `ps -o comm` shows it; empty when there is no such process. */
export function commOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim()
}

/** Processes with a cgroup, in any hierarchy, in whose path this pattern is found at the beginning of a name. */
export function processesInCgroup(pattern: string): readonly number[] {
  const expression = new RegExp(`/${pattern}`)
  return allPids().filter((pid) => expression.test(read(`/proc/${pid}/cgroup`)))
}

function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function stat(
  pid: number,
): { readonly state: string; readonly parentPid: number; readonly startTicks: number } | undefined {
  const text = read(`/proc/${pid}/stat`)
  if (text === '') return undefined
  // The second field is the program's name in parentheses and may hold anything, parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', parentPid: Number(fields[1]), startTicks: Number(fields[19]) }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
