/**
 * Freezes an FPM master and lets every worker of every pool finish its request (DESIGN D7). Nothing is killed: SIGQUIT
 * makes a worker end after the request it has, and a frozen master cannot reap it or fork another.
 */
import type { Did, Host, ProcessFacts, ProcessIdentity } from '../host/host.ts'
import { readFpmTitle } from '../readings/proc.ts'
import { stillLiving } from './same-process.ts'
import { childrenOf, isUnborn, stopMaster, tellWhileHeld } from './hold-still.ts'

export type Drained = { readonly ok: true; readonly workers: number } | { readonly ok: false; readonly says: string }

/** What is done while these stand still; where it fails they go on, told nothing. */
export type WhileHeld = (held: readonly ProcessFacts[], limitMs: number) => Promise<Did>

/**
 * Answers once all workers are zombies, or at the deadline. The caller wakes the master in every case. With
 * `whileHeld`, workers stand still too while that is done, before they are told to finish.
 */
export async function drainWorkers(
  host: Host,
  master: ProcessIdentity,
  deadlineMs: number,
  whileHeld: WhileHeld | null = null,
): Promise<Drained> {
  const endsAtMs = host.nowMs() + deadlineMs
  const stopped = await stopMaster(host, master)
  if (!stopped.ok) return stopped
  const first = whileHeld && (await tellWhileHeld(host, master, (held) => whileHeld(held, endsAtMs - host.nowMs())))
  if (first?.ok === false) return first
  const told = new Map(first?.workers.map((worker) => [worker.pid, worker]))
  for (;;) {
    const children = await childrenOf(host, master)
    if (!children.ok) return children
    const living = children.value.filter((child) => child.state !== 'Z')
    const workers = living.filter((child) => readFpmTitle(child.title)?.is === 'pool')
    for (const worker of workers.filter((each) => told.get(each.pid)?.startTicks !== each.startTicks)) {
      told.set(worker.pid, worker)
      // It may have ended by itself meanwhile; whether it is gone is seen below, not here.
      await host.signal(worker, 'SIGQUIT')
    }
    const unborn = living.filter(isUnborn)
    if (workers.length === 0 && unborn.length === 0) return { ok: true, workers: told.size }
    if (await awaitEnd(host, unborn.length > 0 ? [] : workers, endsAtMs)) continue
    // Some may have ended at the last moment; if all have, the next round finds nobody.
    const holders = await refreshed(host, [...workers, ...unborn])
    if (holders.length > 0) return { ok: false, says: holdersSay(holders, told, deadlineMs) }
  }
}

const workerPollMs = 10

/** Waits for these to end; with none to wait for, for one poll. False when time is up. */
async function awaitEnd(host: Host, workers: readonly ProcessFacts[], endsAtMs: number): Promise<boolean> {
  let living = workers
  do {
    if (host.nowMs() >= endsAtMs) return false
    await host.sleep(workerPollMs)
    living = await refreshed(host, living)
  } while (living.length > 0)
  return true
}

/** Those that still live, as they are now. */
async function refreshed(host: Host, workers: readonly ProcessFacts[]): Promise<readonly ProcessFacts[]> {
  const now = await Promise.all(workers.map((worker) => host.process(worker.pid)))
  return workers.flatMap((worker, index) => {
    const read = now[index]
    return (read && stillLiving(read, worker)) ?? []
  })
}

function holdersSay(
  holders: readonly ProcessFacts[],
  told: ReadonlyMap<number, ProcessFacts>,
  deadlineMs: number,
): string {
  const each = holders.slice(0, namedHolders).map((holder) => {
    const title = readFpmTitle(holder.title)
    const usedTicks = holder.cpuTicks - (told.get(holder.pid) ?? holder).cpuTicks
    const where = title?.is === 'pool' ? `pool ${title.pool}` : 'not yet in a pool'
    return `process ${holder.pid} (${where}, state ${holder.state}, ${(usedTicks / ticksPerSecond).toFixed(2)} s of processor time meanwhile)`
  })
  const more = holders.length > namedHolders ? ` and ${holders.length - namedHolders} more` : ''
  return `after ${deadlineMs / 1000} s a request still ran, or a client kept its connection, in ${each.join(', ')}${more}`
}

const namedHolders = 5
/** USER_HZ, which `/proc` counts in, is 100 on every architecture that FPM is packaged for. */
const ticksPerSecond = 100
