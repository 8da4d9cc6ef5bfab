/** The hosts of a run, a row each beside the run itself, so that an event costs what it changes and not what a fleet is big. */
import { RunHost, type Run, type RunId } from '@fleetmend/shared'
import { placesChanged } from '../runs/host-tally.ts'
import { inPieces } from './in-pieces.ts'
import type { Connection } from './tables.ts'

/** Only within the transaction that saves the run. `since`: the run whose hosts are stored; null: none are. */
export async function putRunHosts(transaction: Connection, { id, hosts }: Run, since: Run | null): Promise<void> {
  const changed = placesChanged(since?.hosts ?? [], hosts).map((position) => ({
    ...{ run: id, position },
    host: JSON.stringify(hosts[position]),
  }))
  for (const rows of inPieces(changed))
    await transaction
      .insertInto('run_hosts')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['run', 'position']).doUpdateSet((row) => ({ host: row.ref('excluded.host') })),
      )
      .execute()
}

export async function hostsOfRun(db: Connection, run: RunId): Promise<readonly RunHost[]> {
  const rows = await db.selectFrom('run_hosts').select('host').where('run', '=', run).orderBy('position').execute()
  return rows.map(({ host }) => RunHost.parse(JSON.parse(host)))
}
