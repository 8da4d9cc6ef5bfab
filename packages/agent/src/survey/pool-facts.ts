/** Reads the pools of one FPM service: workers with their memory, the listener's queue, the status page where there is one. */
import type { FastCgiRequest, ProcessFacts, Read, ReadHost, SocketAddress } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import type { FpmConfig, FpmPool } from '../readings/fpm-config.ts'
import { fpmInteger, fpmProcessManager, listenAddress } from '../readings/fpm-values.ts'
import { readFpmStatus, type FpmStatus } from '../readings/fpm-status.ts'
import type { Listener } from '../readings/listeners.ts'
import { readFpmTitle, readWorkerMemory } from '../readings/proc.ts'
import type { FpmService } from './fpm-services.ts'
import { fpmPrefix } from './fpm-prefix.ts'
import type { PoolFacts, WorkerFacts, WorkerMemory } from './host-facts.ts'

/** Listeners of the host, looked at a few times in a row. */
export type QueueSamples = Read<readonly (readonly Listener[])[]>

/** A status page that does not answer this fast is behind a queue; the queue itself is read from the kernel. */
const statusLimitMs = 1000

export async function poolFacts(
  host: ReadHost,
  service: FpmService,
  config: Read<FpmConfig>,
  processes: readonly ProcessFacts[],
  queues: QueueSamples,
): Promise<readonly PoolFacts[]> {
  if (!config.ok) return []
  const workers = workersByPool(service, processes)
  return Promise.all(
    config.value.pools.map(async (pool) => {
      const prefix = settled(pool, 'prefix') ?? fpmPrefix(service.binary)
      const listen = listenAddress(settled(pool, 'listen') ?? '', pool.name, prefix)
      return {
        name: pool.name,
        subject: `${service.unit.service}/${pool.name}`,
        listen,
        processManager: fpmProcessManager(settled(pool, 'pm') ?? ''),
        maxChildren: fpmInteger(settled(pool, 'pm.max_children') ?? ''),
        workers: await Promise.all((workers.get(pool.name) ?? []).map((worker) => withMemory(host, worker))),
        queue: queueOf(listen, queues),
        status: await readStatus(host, pool, listen, service),
      }
    }),
  )
}

function workersByPool(service: FpmService, processes: readonly ProcessFacts[]): Map<string, ProcessFacts[]> {
  const children = processes.filter((process) => process.parentPid === service.master?.pid)
  return Map.groupBy(children, (child) => {
    const title = readFpmTitle(child.title)
    return title?.is === 'pool' ? title.pool : ''
  })
}

async function withMemory(host: ReadHost, worker: ProcessFacts): Promise<WorkerFacts> {
  return { ...worker, memory: await readMemory(host, worker.pid) }
}

export async function readMemory(host: ReadHost, pid: number): Promise<WorkerMemory | null> {
  const [rollup, status] = await Promise.all([
    host.readFile(`/proc/${pid}/smaps_rollup`),
    host.readFile(`/proc/${pid}/status`),
  ])
  return rollup.ok && status.ok ? readWorkerMemory(textOf(rollup.value), textOf(status.value)) : null
}

/** Null when the value holds a `${VARIABLE}`, which only the running master could resolve. */
function settled(pool: FpmPool, name: string): string | null {
  const directive = pool.directives.get(name)
  return directive === undefined || directive.variables.length > 0 ? null : directive.value
}

function queueOf(listen: SocketAddress | null, queues: QueueSamples): PoolFacts['queue'] {
  if (!queues.ok) return queues
  const samples = queues.value.map((listeners) => listeners.find((listener) => listener.address === listen))
  const seen = samples.filter((listener) => listener !== undefined)
  const first = seen[0]
  if (!first || seen.length < samples.length) return { ok: false, why: 'missing', says: 'nothing listens there' }
  return { ok: true, value: { waiting: seen.map((listener) => listener.waiting), limit: first.limit } }
}

async function readStatus(
  host: ReadHost,
  pool: FpmPool,
  listen: SocketAddress | null,
  service: FpmService,
): Promise<Read<FpmStatus>> {
  const ownListen = pool.directives.get('pm.status_listen')?.value
  const path = pool.directives.get('pm.status_path')?.value ?? (ownListen === undefined ? undefined : '/')
  if (path === undefined) return { ok: false, why: 'missing', says: 'the status page is off (pm.status_path)' }
  const address = ownListen === undefined ? listen : listenAddress(ownListen, pool.name, fpmPrefix(service.binary))
  if (address === null || !service.master) return { ok: false, why: 'failed', says: 'nothing listens' }
  const reply = await host.fastcgi(statusRequest(address, path))
  if (reply.kind !== 'answered')
    return { ok: false, why: reply.kind === 'timed-out' ? 'timed-out' : 'failed', says: reply.kind }
  const status = readFpmStatus(reply.body)
  return status.ok ? status : { ok: false, why: 'failed', says: status.says }
}

/** SCRIPT_FILENAME may be anything but empty, or FPM answers 404 (`fpm_main.c:init_request_info`). */
function statusRequest(address: SocketAddress, path: string): FastCgiRequest {
  const params = { REQUEST_METHOD: 'GET', SCRIPT_NAME: path, SCRIPT_FILENAME: path, QUERY_STRING: 'json&full' }
  return { address, params, limitMs: statusLimitMs }
}
