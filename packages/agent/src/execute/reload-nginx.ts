/**
 * nginx reads its configuration anew and loses no request: the master starts new workers on the same listeners, and the old
 * ones end when their last request is over. A configuration that it refuses leaves everything as it is
 * (`ngx_master_process_cycle`, `ngx_reconfigure`).
 */
import type { Host, ProcessFacts, ProcessIdentity } from '../host/host.ts'
import { checkNginxConfig } from './check-nginx-config.ts'
import { currentWorkers } from '../survey/nginx-load-time.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import type { Reloaded } from './reload-fpm.ts'
import { isSame, stillLiving } from './same-process.ts'
import { readRunning } from './unit-state.ts'

export async function reloadNginx(host: Host): Promise<Reloaded> {
  const check = await checkNginxConfig(host, new Map())
  return check.passed ? tellNginx(host, evidenceLimitMs) : letGo(check.says)
}

/**
 * For who has checked its configuration. With the signal, not by `systemctl reload`: that needs a pid file which is right.
 * Once it is done, no old worker sends anything on a connection that it kept: each has given up all that were idle
 * (`ngx_worker_process_cycle`, `ngx_http_upstream_free_keepalive_peer`).
 */
export async function tellNginx(host: Host, limitMs: number): Promise<Reloaded> {
  const running = await readRunning(host, nginxUnit)
  if (!running.ok) return letGo(`${running.says}.`)
  const { pid, startTicks, title } = running.value.main
  const master = { pid, startTicks }
  if (!title.startsWith('nginx: master process')) return letGo(`its main process ${pid} is no master.`)
  const before = await workersOf(host, master)
  const sent = await host.signal(master, 'SIGHUP')
  if (!sent.ok) return letGo(`${sent.says}.`)
  for (const endsAtMs = host.nowMs() + limitMs; ; await host.sleep(pollMs)) {
    if (stillLiving(await host.process(pid), master) === null)
      return { came: 'failed', says: `The master of nginx (process ${pid}) ended on its reload.` }
    const workers = await workersOf(host, master)
    const old = workers.filter((worker) => before.some((each) => isSame(each, worker)))
    if (old.length === 0 && workers.length > 0)
      return {
        came: 'did',
        says: `Reloaded nginx without losing a request: ${workers.length} new workers serve, and the old ones end with their last request.`,
      }
    if (host.nowMs() >= endsAtMs)
      return letGo(`no new worker serves after ${limitMs / 1000} s. Its error log says why; it runs on as before.`)
  }
}

function letGo(says: string): Reloaded {
  return { came: 'let-go', says: `nginx was not reloaded: ${says}` }
}

/** A big configuration with many certificates takes seconds to read. */
const evidenceLimitMs = 30_000
const pollMs = 20

/** Those that take requests: an old one that only finishes calls itself "worker process is shutting down". */
async function workersOf(host: Host, master: ProcessIdentity): Promise<readonly ProcessFacts[]> {
  const processes = await host.processes()
  return processes.ok ? currentWorkers(master, processes.value) : []
}
