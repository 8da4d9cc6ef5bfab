/** When nginx's workers took over the configuration they run with. */
import type { ProcessFacts, ReadHost } from '../host/host.ts'
import { startedAtMs } from './started-at.ts'

/**
 * The start of the oldest worker: a reload replaces them all at once, and one that died is replaced with the
 * configuration as it was loaded.
 */
export async function nginxLoadedAtMs(
  host: ReadHost,
  master: ProcessFacts | null,
  processes: readonly ProcessFacts[],
): Promise<number | null> {
  const workers = currentWorkers(master, processes)
  if (workers.length === 0) return null
  return startedAtMs(host, Math.min(...workers.map(({ startTicks }) => startTicks)))
}

/** Those that are shutting down belong to the configuration before. */
export function currentWorkers(
  master: Pick<ProcessFacts, 'pid'> | null,
  processes: readonly ProcessFacts[],
): readonly ProcessFacts[] {
  return processes.filter(
    ({ parentPid, title }) => parentPid === master?.pid && title.trim() === 'nginx: worker process',
  )
}
