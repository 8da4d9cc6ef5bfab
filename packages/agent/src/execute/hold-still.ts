/**
 * Holds a master of PHP-FPM and its workers still, and wakes them. Workers are held while it is seen who of them is idle, and
 * while nginx gives up the idle connections that it keeps to them: a worker that ends after its request closes such a
 * connection, and a POST that nginx sends on it in that moment is lost (`ngx_http_upstream_next` repeats none of them).
 */
import type { Did, Host, ProcessFacts, ProcessIdentity, Read, ReadHost } from '../host/host.ts'
import { readFpmTitle } from '../readings/proc.ts'
import { stillLiving } from './same-process.ts'

export async function stopMaster(host: Host, master: ProcessIdentity): Promise<Did> {
  const sent = await host.signal(master, 'SIGSTOP')
  if (!sent.ok) return sent
  for (const endsAtMs = host.nowMs() + stopLimitMs; host.nowMs() < endsAtMs; await host.sleep(stopPollMs)) {
    const now = stillLiving(await host.process(master.pid), master)
    if (now === null) return { ok: false, says: `the master ${master.pid} is gone` }
    if (now.state === 'T') return { ok: true }
  }
  return { ok: false, says: `the master ${master.pid} did not stop within ${stopLimitMs} ms` }
}

/** A signal takes effect when the process next leaves the kernel: at once, unless the disk hangs. */
const stopLimitMs = 1000
const stopPollMs = 5

export type Told =
  | { readonly ok: true; readonly workers: readonly ProcessFacts[] }
  | { readonly ok: false; readonly says: string }

/**
 * With the master stopped: holds its workers, does `work`, and tells them to finish before they wake, so that none takes
 * another request from a connection that was opened meanwhile. Where anything fails they are woken and told nothing.
 */
export async function tellWhileHeld(
  host: Host,
  master: ProcessIdentity,
  work: (held: readonly ProcessFacts[]) => Promise<Did>,
): Promise<Told> {
  const held = new Map<number, ProcessFacts>()
  const still = await holdWorkers(host, master, held)
  const workers = [...held.values()]
  const done = still.ok ? await work(workers) : still
  if (done.ok) for (const worker of workers) await host.signal(worker, 'SIGQUIT')
  for (const worker of workers) await host.signal(worker, 'SIGCONT')
  return done.ok ? { ok: true, workers } : done
}

/** Until every worker stands still; a fork that is not yet a worker becomes one first. */
async function holdWorkers(host: Host, master: ProcessIdentity, held: Map<number, ProcessFacts>): Promise<Did> {
  for (const endsAtMs = host.nowMs() + stopLimitMs; ; await host.sleep(stopPollMs)) {
    const children = await childrenOf(host, master)
    if (!children.ok) return children
    const moving = children.value.filter((child) => !['T', 'Z'].includes(child.state) && isOfFpm(child))
    if (moving.length === 0) return { ok: true }
    for (const worker of moving) {
      if (isUnborn(worker) || held.get(worker.pid)?.startTicks === worker.startTicks) continue
      held.set(worker.pid, worker)
      await host.signal(worker, 'SIGSTOP')
    }
    if (host.nowMs() >= endsAtMs)
      return {
        ok: false,
        says: `process ${moving[0]?.pid} (state ${moving[0]?.state}) did not stand still within ${stopLimitMs} ms`,
      }
  }
}

/** After a crash: whatever of this master may still stand still. */
export async function wake(host: Host, master: ProcessIdentity): Promise<void> {
  await host.signal(master, 'SIGCONT')
  const children = await childrenOf(host, master)
  if (!children.ok) return
  for (const child of children.value) if (child.state === 'T') await host.signal(child, 'SIGCONT')
}

export async function childrenOf(host: ReadHost, master: ProcessIdentity): Promise<Read<readonly ProcessFacts[]>> {
  const processes = await host.processes()
  return processes.ok
    ? { ok: true, value: processes.value.filter((each) => each.parentPid === master.pid) }
    : { ...processes, says: `the workers cannot be listed: ${processes.says}` }
}

/**
 * A fork that still bears the master's title. It blocks SIGQUIT until it is a worker (`fpm_signals_child_block`), or
 * loses it before PHP 7.3.9, so it is told only then.
 */
export function isUnborn(child: ProcessFacts): boolean {
  return readFpmTitle(child.title)?.is === 'master'
}

function isOfFpm(child: ProcessFacts): boolean {
  return readFpmTitle(child.title) !== null
}
