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
import { readRunning } from './unit-state.ts'

/** The signal, not `systemctl reload`: that needs a pid file which is right. */
export async function reloadNginx(host: Host): Promise<Reloaded> {
  const letGo = (says: string): Reloaded => ({ came: 'let-go', says: `nginx was not reloaded: ${says}` })
  const check = await checkNginxConfig(host, new Map())
  if (!check.passed) return letGo(check.says)
  const running = await readRunning(host, nginxUnit)
  if (!running.ok) return letGo(`${running.says}.`)
  const { pid, startTicks, title } = running.value.main
  const master = { pid, startTicks }
  if (!title.startsWith('nginx: master process')) return letGo(`its main process ${pid} is no master.`)
  const before = await workersOf(host, master)
  const sent = await host.signal(master, 'SIGHUP')
  if (!sent.ok) return letGo(`${sent.says}.`)
  for (const endsAtMs = host.nowMs() + evidenceLimitMs; ; await host.sleep(pollMs)) {
    const now = await host.process(pid)
    if (!now.ok || now.value.startTicks !== startTicks || now.value.state === 'Z')
      return { came: 'failed', says: `The master of nginx (process ${pid}) ended on its reload.` }
    const workers = await workersOf(host, master)
    const old = workers.filter((worker) => before.some((each) => isSame(each, worker)))
    if (old.length === 0 && workers.length > 0)
      return {
        came: 'did',
        says: `Reloaded nginx without losing a request: ${workers.length} new workers serve, and the old ones end with their last request.`,
      }
    if (host.nowMs() >= endsAtMs)
      return letGo(
        `no new worker serves after ${evidenceLimitMs / 1000} s. Its error log says why; it runs on as before.`,
      )
  }
}

/** A big configuration with many certificates takes seconds to read. */
const evidenceLimitMs = 30_000
const pollMs = 50

/** Those that take requests: an old one that only finishes calls itself "worker process is shutting down". */
async function workersOf(host: Host, master: ProcessIdentity): Promise<readonly ProcessFacts[]> {
  const processes = await host.processes()
  return processes.ok ? currentWorkers(master, processes.value) : []
}

function isSame(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks
}
