/**
 * A master that wakes while visitors wait for an `ondemand` pool hears of them before it hears of the reload. Where none of
 * its workers ended idle it forks one for them (`fpm_children.c`, `fpm_pctl_on_socket_accept`) and kills it with the
 * reload a moment later, rarely after it has taken a request. So a reload begins in a moment in which each has an idle one.
 */
import type { ProcessFacts, ReadHost } from '../host/host.ts'
import type { FpmPool } from '../readings/fpm-config.ts'
import { textOf } from '../readings/bytes.ts'
import { readFpmTitle } from '../readings/proc.ts'
import { isInAccept } from '../readings/waiting-call.ts'

/**
 * Whether the master would fork from one of these pools. The workers stand still: whoever waits for a visitor does so
 * until it is told to finish. A pool that has all its workers forks none.
 */
export async function wouldForkFrom(
  host: ReadHost,
  pools: readonly FpmPool[],
  held: readonly ProcessFacts[],
): Promise<boolean> {
  for (const pool of pools) {
    const workers = held.filter(({ title }) => isOf(pool, title))
    if (workers.length >= Number(pool.directives.get('pm.max_children')?.value)) continue
    const waiting = await Promise.all(workers.map((worker) => waitsForVisitor(host, worker)))
    if (!waiting.some(Boolean)) return true
  }
  return false
}

function isOf(pool: FpmPool, title: string): boolean {
  const read = readFpmTitle(title)
  return read?.is === 'pool' && read.pool === pool.name
}

/** Where the kernel does not say what a process waits for, nobody is waited for: true. */
async function waitsForVisitor(host: ReadHost, worker: ProcessFacts): Promise<boolean> {
  const call = await host.readFile(`/proc/${worker.pid}/syscall`)
  return !call.ok || isInAccept(textOf(call.value))
}
