/** Which hosts are in change, and by which run: kept with the events that make it so, so that two runs never share a host. */
import type { InChange } from '../runs/room.ts'
import type { ChangeOfHosts } from '../runs/run-store.ts'
import type { Connection } from './tables.ts'

export async function listInChange(db: Connection): Promise<readonly InChange[]> {
  return db.selectFrom('hosts_in_change').selectAll().orderBy('host').execute()
}

/** Only within the transaction that saves the event. False: there is no room, and nothing may be saved. */
export async function moveHosts(
  transaction: Connection,
  run: string,
  { begun, left, limits }: ChangeOfHosts,
): Promise<boolean> {
  for (const host of left)
    await transaction.deleteFrom('hosts_in_change').where('host', '=', host).where('run', '=', run).execute()
  if (begun.length === 0) return true
  const now = await listInChange(transaction)
  if (now.some(({ host }) => begun.includes(host))) return false
  const after = [...now.map(({ host }) => host), ...begun]
  const isTooMany = limits.some(({ members, most }) => {
    const count = (hosts: readonly string[]): number => hosts.filter((host) => members?.has(host) ?? true).length
    return count(begun) > 0 && count(after) > most
  })
  if (isTooMany) return false
  for (const host of begun) await transaction.insertInto('hosts_in_change').values({ host, run }).execute()
  return true
}
