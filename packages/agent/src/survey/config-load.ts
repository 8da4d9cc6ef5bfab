/** When what runs last loaded its configuration, where that left a trace that nobody wrote by hand. */
import type { ProcessFacts, ReadHost } from '../host/host.ts'
import { readPidFile } from './fpm-pid-file.ts'
import { currentWorkers } from './nginx-load-time.ts'
import { startedAtMs } from './started-at.ts'

export interface ConfigLoad {
  /** What was not changed since a moment before has been loaded; a later load may have left no trace. */
  readonly atMs: number
  /** The same as long as nothing was loaded since; null where a load would not show. */
  readonly mark: string | null
}

/** FPM writes its pid file anew whenever it has read its configuration, on a reload, too (`fpm_conf_write_pid`). */
export async function fpmLoad(
  host: ReadHost,
  master: ProcessFacts,
  pidFile: string | null,
): Promise<ConfigLoad | null> {
  const written = pidFile === null ? null : await readPidFile(host, pidFile)
  if (written?.pid === master.pid) return { atMs: written.writtenMs, mark: `${master.pid} at ${written.writtenMs}` }
  const atMs = await startedAtMs(host, master.startTicks)
  return atMs === null ? null : { atMs, mark: null }
}

/** Its pid file is written once; the workers are new on every reload. */
export async function nginxLoad(
  host: ReadHost,
  master: ProcessFacts,
  processes: readonly ProcessFacts[],
): Promise<ConfigLoad | null> {
  const [oldest] = currentWorkers(master, processes).toSorted((a, b) => a.startTicks - b.startTicks || a.pid - b.pid)
  const atMs = oldest ? await startedAtMs(host, oldest.startTicks) : null
  return oldest && atMs !== null ? { atMs, mark: `${master.pid}: ${oldest.pid} at ${oldest.startTicks}` } : null
}
