/** Reads who listens without `ss`: the kernel's tables, and which process holds which socket. */
import type { ProcessFacts, Read, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { socketInode } from '../readings/held-connections.ts'
import type { Listener } from '../readings/listeners.ts'
import { readProcTcpListeners, readProcUnixListeners, type ProcListener } from '../readings/proc-listeners.ts'

/** A container has a few; where there are more, `ss` is the tool. */
const processesToAsk = 512

export type Holders = ReadonlyMap<string, readonly number[]>

export async function procListeners(host: ReadHost, holders: Holders): Promise<Read<readonly Listener[]>> {
  const tables = await readTables(host)
  if (!tables.ok) return tables
  return {
    ok: true,
    value: tables.value.map(({ address, inode, waiting }) => ({
      address,
      waiting,
      limit: null,
      pids: holders.get(inode) ?? [],
    })),
  }
}

async function readTables(host: ReadHost): Promise<Read<readonly ProcListener[]>> {
  const [unix, tcp, tcp6] = await Promise.all(['unix', 'tcp', 'tcp6'].map((name) => host.readFile(`/proc/net/${name}`)))
  if (!unix?.ok) return unix ?? { ok: false, why: 'failed', says: 'not read' }
  if (!tcp?.ok) return tcp ?? { ok: false, why: 'failed', says: 'not read' }
  // Without IPv6 there is none of it.
  const sixth = tcp6?.ok ? readProcTcpListeners(textOf(tcp6.value)) : []
  const listeners = [...readProcUnixListeners(textOf(unix.value)), ...readProcTcpListeners(textOf(tcp.value)), ...sixth]
  return { ok: true, value: listeners }
}

/** Which processes hold which socket. */
export async function socketHolders(host: ReadHost, processes: readonly ProcessFacts[]): Promise<Holders> {
  const held = await Promise.all(
    processes.slice(0, processesToAsk).map(async ({ pid }) => {
      const open = await host.list(`/proc/${pid}/fd`)
      const links = await Promise.all((open.ok ? open.value : []).map((fd) => host.readLink(`/proc/${pid}/fd/${fd}`)))
      const inodes = links.map((link) => (link.ok ? socketInode(link.value) : null)).filter((inode) => inode !== null)
      return [...new Set(inodes)].map((inode) => ({ inode, pid }))
    }),
  )
  return new Map(
    [...Map.groupBy(held.flat(), ({ inode }) => inode)].map(([inode, all]) => [inode, all.map(({ pid }) => pid)]),
  )
}
