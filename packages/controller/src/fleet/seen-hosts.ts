/**
 * When hosts were seen, written down for many at a time: a fleet that comes back makes the disk wait some times a second, and
 * not once for each host.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostId } from '@fleetmend/shared'
import { sawHost, type Seen } from '../store/hosts.ts'
import type { Database } from '../store/tables.ts'

export interface SeenHosts {
  /** Resolves when it is written. */
  saw(host: HostId, seen: Seen): Promise<void>
  /** What came before is written; what comes later is not. */
  close(): Promise<void>
}

/** Nobody notices that a host is listed so much later. */
const gatherMs = 20

export function openSeenHosts(database: Database): SeenHosts {
  let gathered = new Map<HostId, Seen>()
  /** Takes what is gathered, in a moment. */
  let taking: Promise<void> | null = null
  let last: Promise<void> = Promise.resolve()
  let isClosed = false

  async function write(): Promise<void> {
    if (!isClosed) await sleep(gatherMs)
    const hosts = gathered
    gathered = new Map()
    taking = null
    await database.transaction().execute(async (transaction) => {
      for (const [host, seen] of hosts) await sawHost(transaction, host, seen)
    })
  }

  return {
    saw(host, seen) {
      if (isClosed) return Promise.resolve()
      gathered.set(host, seen)
      taking ??= last = write()
      return taking
    },
    async close() {
      isClosed = true
      await last
    },
  }
}
