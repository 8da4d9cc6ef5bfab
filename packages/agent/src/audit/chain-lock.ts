/**
 * One writer at a time on the host's chain: what serves, what answers, applies and commands are processes of their own. The
 * lock is SQLite's on an empty database, which is the kernel's: it goes with the process that holds it, however that ends,
 * and there is no owner to be found out about.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

export type ChainLocked = { readonly ok: true; release(): void } | { readonly ok: false; readonly says: string }

/** Whoever writes has it for a few milliseconds. */
const limitMs = 10_000

export async function lockChain(folder: string): Promise<ChainLocked> {
  const endsMs = performance.now() + limitMs
  for (;;) {
    const says = tryLock(folder)
    if (typeof says !== 'string') return { ok: true, release: () => says.close() }
    if (says !== busy) return { ok: false, says }
    if (performance.now() >= endsMs) return { ok: false, says: 'another process has been writing to it for too long' }
    await sleep(5 + 10 * Math.random())
  }
}

const busy = 'busy'

function tryLock(folder: string): DatabaseSync | string {
  let database: DatabaseSync | null = null
  try {
    // It would block this whole process while it waits.
    database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database?.close()
    if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') throw error
    // SQLITE_BUSY (sqlite.org/rescode.html).
    return (error.errcode & 0xff) === 5 ? busy : error.message
  }
}
