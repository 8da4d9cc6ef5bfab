/**
 * The hosts of a run, a row each beside the run itself, so that an event costs what it changes and not what a fleet is big.
 * A run is read as a whole: its snapshot and its hosts become one again here.
 */
import { Run, RunHost, type Digest, type HostId, type RunId } from '@fleetmend/shared'
import type { Connection, RunHostsTable } from './tables.ts'

/** Without its hosts, and without those of its groups, each of which says itself which group it is in. */
export function snapshotOf(run: Run): string {
  return JSON.stringify({
    ...run,
    hosts: undefined,
    groups: run.groups.map((group) => ({ ...group, hosts: undefined })),
  })
}

/** Only within the transaction that saves the run. `since`: the run whose hosts are stored; null: none are. */
export async function putRunHosts(transaction: Connection, { id, hosts }: Run, since: Run | null): Promise<void> {
  const changed: RunHostsTable[] = []
  for (let position = 0; position < hosts.length; position++) {
    const host = hosts[position]
    // The engine hands on what it did not change as it was.
    if (host === since?.hosts[position]) continue
    changed.push({ run: id, position, host: JSON.stringify(host) })
  }
  for (let begin = 0; begin < changed.length; begin += rowsAtOnce)
    await transaction
      .insertInto('run_hosts')
      .values(changed.slice(begin, begin + rowsAtOnce))
      .onConflict((conflict) =>
        conflict.columns(['run', 'position']).doUpdateSet((row) => ({ host: row.ref('excluded.host') })),
      )
      .execute()
}

export interface Row {
  readonly id: RunId
  readonly snapshot: string
}

/** In the same order. */
export async function wholeRuns(db: Connection, rows: readonly Row[]): Promise<readonly Run[]> {
  const runs: Run[] = []
  for (const { id, snapshot } of rows) runs.push(whole(JSON.parse(snapshot) as Rest, await hostsOfRun(db, id)))
  return runs
}

export async function hostsOfRun(db: Connection, run: RunId): Promise<readonly RunHost[]> {
  const rows = await db.selectFrom('run_hosts').select('host').where('run', '=', run).orderBy('position').execute()
  return rows.map(({ host }) => RunHost.parse(JSON.parse(host)))
}

interface Rest {
  readonly groups: readonly { readonly key: Digest }[]
}

function whole(rest: Rest, hosts: readonly RunHost[]): Run {
  const members = new Map<Digest, HostId[]>(rest.groups.map(({ key }) => [key, []]))
  for (const { id, group } of hosts) if (group !== null) members.get(group)?.push(id)
  return Run.parse({
    ...rest,
    hosts,
    groups: rest.groups.map((group) => ({ ...group, hosts: members.get(group.key) })),
  })
}

const rowsAtOnce = 500
