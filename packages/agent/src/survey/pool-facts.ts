/** Reads the pools of one FPM service: workers with their memory, the listener's queue, the status page where there is one. */
import type { FastCgiRequest, ProcessFacts, Read, ReadHost, SocketAddress } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import type { FpmConfig, FpmPool } from '../readings/fpm-config.ts'
import { fpmInteger, fpmProcessManager, listenAddress } from '../readings/fpm-values.ts'
import { readFpmStatus, type FpmStatus } from '../readings/fpm-status.ts'
import type { Listener } from '../readings/listeners.ts'
import { readPortTries, type PortTries } from '../readings/port-tries.ts'
import { readFpmTitle, readWorkerMemory } from '../readings/proc.ts'
import type { FpmService } from './fpm-services.ts'
import { fpmPrefix } from './fpm-prefix.ts'
import type { PoolFacts, WorkerFacts, WorkerMemory } from './host-facts.ts'
import { modifiedMs } from './pass-facts.ts'
import { readSlowLog } from './slow-log.ts'
import { inRealFolder } from './socket-path.ts'
import { tcpTables } from './tcp-tables.ts'
import { workingFolders } from './working-folders.ts'

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
      const listen = listenOf(pool, service)
      const maxChildren = settled(pool, 'pm.max_children')
      return {
        name: pool.name,
        subject: `${service.service}/${pool.name}`,
        listen: await realListen(host, listen),
        listenModifiedMs: await listenChange(host, pool),
        processManager: fpmProcessManager(settled(pool, 'pm') ?? ''),
        maxChildren: maxChildren === null ? null : fpmInteger(maxChildren),
        workers: await Promise.all((workers.get(pool.name) ?? []).map((worker) => withMemory(host, worker))),
        queue: queueOf(listen, queues, service.master),
        connections: await connectionsTo(host, listen),
        status: await readStatus(host, pool, listen, service),
        workingFolders: await workingFolders(host, pool),
        slowLog: await readSlowLog(
          host,
          (name) => settled(pool, name),
          settled(pool, 'prefix') ?? fpmPrefix(service.binary),
        ),
      }
    }),
  )
}

function listenOf(pool: FpmPool, { binary }: FpmService): SocketAddress | null {
  const prefix = settled(pool, 'prefix') ?? fpmPrefix(binary)
  return listenAddress(settled(pool, 'listen') ?? '', pool.name, prefix)
}

export async function realListen(host: ReadHost, listen: SocketAddress | null): Promise<SocketAddress | null> {
  return listen?.startsWith('unix:') ? `unix:${await inRealFolder(host, listen.slice('unix:'.length))}` : listen
}

async function listenChange(host: ReadHost, pool: FpmPool): Promise<number | null> {
  const path = pool.directives.get('listen')?.path
  return path === undefined ? null : modifiedMs(host, path)
}

/** Where a pool listens, for those who need nothing else of it; as the kernel names it, and really. */
export async function poolListeners(
  host: ReadHost,
  pool: FpmPool,
  service: FpmService,
): Promise<{ readonly bound: SocketAddress; readonly real: SocketAddress } | null> {
  const bound = listenOf(pool, service)
  const real = await realListen(host, bound)
  return bound && real ? { bound, real } : null
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

function queueOf(listen: SocketAddress | null, queues: QueueSamples, master: ProcessFacts | null): PoolFacts['queue'] {
  if (!queues.ok) return queues
  const samples = queues.value.map((listeners) => listenerOf(listen, listeners, master))
  const seen = samples.filter((listener) => listener !== undefined)
  const first = seen[0]
  if (!first || seen.length < samples.length) return { ok: false, why: 'missing', says: 'nothing listens there' }
  return { ok: true, value: { waiting: seen.map((listener) => listener.waiting), limit: first.limit } }
}

async function connectionsTo(host: ReadHost, listen: SocketAddress | null): Promise<PortTries> {
  if (!listen?.startsWith('tcp:')) return { held: 0, droppedAgoMs: [] }
  return readPortTries(Number(listen.slice(listen.lastIndexOf(':') + 1)), ...(await tcpTables(host)))
}

/**
 * `ss` knows a socket as it was bound: by its path as FPM wrote it, but `9000` as `*:9000` and `localhost:9000` as a
 * number. Those are known by their port and by the master that holds them.
 */
function listenerOf(
  listen: SocketAddress | null,
  listeners: readonly Listener[],
  master: ProcessFacts | null,
): Listener | undefined {
  const exact = listeners.find((listener) => listener.address === listen)
  if (exact || !listen?.startsWith('tcp:') || !master) return exact
  const port = listen.slice(listen.lastIndexOf(':'))
  return listeners.find(
    ({ address, pids }) => address.startsWith('tcp:') && address.endsWith(port) && pids.includes(master.pid),
  )
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
