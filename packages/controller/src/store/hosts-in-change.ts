/** Which hosts are in change, and by which run: kept with the events that make it so, so that two runs never share a host. */
import type { InChange } from '../runs/room.ts'
import type { ChangeOfHosts } from '../runs/run-store.ts'
import type { Connection } from './tables.ts'

/** Those that were given up among them: each of them may still be at work. */
export async function listInChange(db: Connection): Promise<readonly InChange[]> {
  const sure = await db.selectFrom('hosts_in_change').selectAll().orderBy('host').execute()
  const givenUp = await db.selectFrom('hosts_given_up').selectAll().orderBy('host').orderBy('run').execute()
  return [
    ...sure.map((each) => ({ ...each, isGivenUp: false })),
    ...givenUp.map((each) => ({ ...each, isGivenUp: true })),
  ]
}

/** Only within the transaction that saves the event. False: there is no room, and nothing may be saved. */
export async function moveHosts(
  transaction: Connection,
  run: string,
  { begun, left, givenUp, known, limits }: ChangeOfHosts,
): Promise<boolean> {
  for (const host of left)
    await transaction.deleteFrom('hosts_in_change').where('host', '=', host).where('run', '=', run).execute()
  for (const host of givenUp) await transaction.insertInto('hosts_given_up').values({ host, run }).execute()
  for (const host of known) await forgetGivenUp(transaction, host, run)
  if (begun.length === 0) return true
  const now = await listInChange(transaction)
  if (now.some(({ host, isGivenUp }) => !isGivenUp && begun.includes(host))) return false
  // One that was given up and is begun anew is one host.
  const before = new Set(now.map(({ host }) => host))
  const after = new Set([...before, ...begun])
  const isTooMany = limits.some(({ members, most }) => {
    const count = (hosts: ReadonlySet<string>): number => [...hosts].filter((host) => members?.has(host) ?? true).length
    return count(after) > count(before) && count(after) > most
  })
  if (isTooMany) return false
  for (const host of begun) await transaction.insertInto('hosts_in_change').values({ host, run }).execute()
  return true
}

export async function forgetGivenUp(db: Connection, host: string, run: string): Promise<void> {
  await db.deleteFrom('hosts_given_up').where('host', '=', host).where('run', '=', run).execute()
}
