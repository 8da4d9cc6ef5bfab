/** Signals to a process that is still the one that was meant. */
import { readFileSync } from 'node:fs'
import { errnoWords } from './errno.ts'
import type { Did, ProcessIdentity } from './host.ts'

/** A pid is used again after its process ends; with the start time it names one process (proc_pid_stat(5), field 22). */
export function isSameProcess({ pid, startTicks }: ProcessIdentity): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) === startTicks
  } catch {
    return false
  }
}

export function sendSignal(process_: ProcessIdentity, signal: NodeJS.Signals): Did {
  if (!isSameProcess(process_)) return { ok: false, says: `process ${process_.pid} is gone, so it got no ${signal}` }
  try {
    process.kill(process_.pid, signal)
    return { ok: true }
  } catch (error) {
    return { ok: false, says: `${signal} to process ${process_.pid}: ${errnoWords(error)}` }
  }
}
