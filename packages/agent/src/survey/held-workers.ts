/** Counts the workers of PHP that an idle connection of nginx holds, where nginx is told to keep connections. */
import type { ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { acceptedAt, acceptedOnPort, socketInode } from '../readings/held-connections.ts'
import { blockedReadOf } from '../readings/waiting-call.ts'
import type { FpmFacts, PoolFacts } from './host-facts.ts'
import { tcpTables } from './tcp-tables.ts'

/** A pool of thousands is told by so many of its workers. */
const workersToAsk = 256

/** By pool; those that cannot be looked at are absent. */
export async function heldWorkers(host: ReadHost, { pools }: FpmFacts): Promise<ReadonlyMap<string, number>> {
  const counted = await Promise.all(pools.map(async (pool) => [pool.name, await countHeld(host, pool)] as const))
  return new Map(counted.flatMap(([name, held]) => (held === null ? [] : [[name, held] as const])))
}

async function countHeld(host: ReadHost, pool: PoolFacts): Promise<number | null> {
  const accepted = await acceptedInodes(host, pool)
  if (!accepted) return null
  const held = await Promise.all(
    pool.workers.slice(0, workersToAsk).map(async ({ pid }) => {
      const call = await host.readFile(`/proc/${pid}/syscall`)
      const descriptor = call.ok ? blockedReadOf(textOf(call.value)) : null
      if (descriptor === null) return false
      const link = await host.readLink(`/proc/${pid}/fd/${descriptor}`)
      const inode = link.ok ? socketInode(link.value) : null
      return inode !== null && accepted.has(inode)
    }),
  )
  return held.filter(Boolean).length
}

async function acceptedInodes(host: ReadHost, { listen }: PoolFacts): Promise<ReadonlySet<string> | null> {
  if (listen === null) return null
  if (listen.startsWith('unix:')) {
    const file = await host.readFile('/proc/net/unix')
    return file.ok ? acceptedAt(textOf(file.value), listen) : null
  }
  const port = Number(listen.slice(listen.lastIndexOf(':') + 1))
  return new Set((await tcpTables(host)).flatMap((text) => [...acceptedOnPort(text, port)]))
}
