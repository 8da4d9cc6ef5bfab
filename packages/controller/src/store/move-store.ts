/**
 * Moves a store from one kind to the other: all of it into an empty one, in one transaction, and looked at there before it
 * counts. Both are locked meanwhile, so that no controller works over either of them. What is moved stays where it was, too.
 */
import { join } from 'node:path'
import { problem, type Digest, type Problem, type ProblemCode } from '@fleetmend/shared'
import { isThere } from '@fleetmend/shared/node/is-there'
import { contentOf, copyTable, isEmptyStore, tableNames } from './copy-tables.ts'
import { openStore, type StorePlace, type StoreOpened } from './open-store.ts'
import { verifyChain } from './run-events.ts'
import type { Connection, Database, Tables } from './tables.ts'
import { verifyRecords } from './verify-records.ts'

export interface Moved {
  /** How many of each table. */
  readonly rows: Readonly<Record<keyof Tables, number>>
  /** The newest event of all runs, and the newest of the controller's record; null: there is none. */
  readonly events: Digest | null
  readonly record: Digest | null
}

export type StoreMoved =
  | { readonly ok: true; readonly value: Moved }
  | { readonly ok: false; readonly problem: Problem }

/** Thrown to take all of it back. */
class NotMoved extends Error {}

export async function moveStore(from: StorePlace, to: StorePlace): Promise<StoreMoved> {
  if (from.databaseUrl === undefined && !(await isThere(join(from.folder, 'controller.sqlite'))))
    return refuse('bad-input', `There is no store in ${from.folder}.`)
  return withStore(from, async (source) => {
    if (await isEmptyStore(source)) return refuse('bad-input', 'There is nothing in the store that is to be moved.')
    return withStore(to, async (target) => {
      if (!(await isEmptyStore(target)))
        return refuse(
          'store-not-empty',
          'There is something in the store that it is to be moved to. Nothing was changed.',
        )
      try {
        return { ok: true, value: await target.transaction().execute((transaction) => copy(source, transaction)) }
      } catch (error) {
        if (!(error instanceof Error) || (!(error instanceof NotMoved) && !('code' in error))) throw error
        return refuse('store-not-moved', `${error.message} Nothing was changed.`)
      }
    })
  })
}

async function copy(source: Database, target: Connection): Promise<Moved> {
  const rows: Partial<Record<keyof Tables, number>> = {}
  for (const table of tableNames) {
    const content = await copyTable(source, target, table)
    const arrived = await contentOf(target, table)
    if (content.digest !== arrived.digest || content.rows !== arrived.rows)
      throw new NotMoved(`What arrived in ${table} is not what was there (${arrived.rows} of ${content.rows} rows).`)
    rows[table] = content.rows
  }
  const events = await verifyChain(target)
  if (!events.ok) throw new NotMoved(`The history of runs does not hold together: ${events.says}`)
  const record = await verifyRecords(target)
  if (!record.ok) throw new NotMoved(`The record of the controller does not hold together: ${record.says}`)
  return { rows: rows as Moved['rows'], events: events.head, record: record.head }
}

async function withStore(place: StorePlace, work: (database: Database) => Promise<StoreMoved>): Promise<StoreMoved> {
  const opened: StoreOpened = await openStore(place)
  if (!opened.ok) return refuse(opened.code, opened.says)
  try {
    return await work(opened.database)
  } finally {
    await opened.database.destroy()
  }
}

function refuse(code: ProblemCode, says: string): StoreMoved {
  return { ok: false, problem: problem(code, says) }
}
