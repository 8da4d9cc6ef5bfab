/** Whether two looks saw one process: a pid alone is used again (proc_pid_stat(5), field 22 is the start time). */
import type { ProcessFacts, ProcessIdentity, Read } from '../host/host.ts'

export function isSame(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks
}

/** The process as it is now; null once it is gone or a zombie. */
export function stillLiving(now: Read<ProcessFacts>, then: ProcessIdentity): ProcessFacts | null {
  return now.ok && isSame(now.value, then) && now.value.state !== 'Z' ? now.value : null
}
