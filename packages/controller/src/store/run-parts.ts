/**
 * What of a run, beside its hosts, grows with the fleet: its change groups, of which every host may be one, its notes, and who
 * is held back. A row each, so that an event writes those that it changes.
 */
import type { Digest, HeldBack, HostId, Run, RunId } from '@fleetmend/shared'
import { groupOf, groupsChanged } from '../runs/group-list.ts'
import { hostsGone } from '../runs/held-back.ts'
import { inPieces } from './in-pieces.ts'
import type { Connection } from './tables.ts'

/** Only within the transaction that saves the run. `since`: the run whose parts are stored; null: none are. */
export async function putRunParts(transaction: Connection, run: Run, since: Run | null): Promise<void> {
  await putGroups(transaction, run, since)
  const notes = run.notes.slice(since?.notes.length ?? 0).map((note, n) => ({
    ...{ run: run.id, position: (since?.notes.length ?? 0) + n },
    note: JSON.stringify(note),
  }))
  for (const rows of inPieces(notes)) await transaction.insertInto('run_notes').values(rows).execute()
  await putHeldBack(transaction, run, since?.heldBack ?? [])
}

async function putGroups(transaction: Connection, run: Run, since: Run | null): Promise<void> {
  const changed = groupsChanged(since?.groups ?? [], run.groups).map((key) => ({
    ...{ run: run.id, key },
    change_group: JSON.stringify({ ...groupOf(run, key), hosts: undefined }),
  }))
  for (const rows of inPieces(changed))
    await transaction
      .insertInto('run_groups')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['run', 'key']).doUpdateSet((row) => ({ change_group: row.ref('excluded.change_group') })),
      )
      .execute()
}

async function putHeldBack(transaction: Connection, { id, heldBack }: Run, before: Run['heldBack']): Promise<void> {
  if (heldBack === before || heldBack.length + before.length === 0) return
  const stored = transaction.deleteFrom('run_held_back').where('run', '=', id)
  const gone = heldBack.length === 0 ? null : hostsGone(before, heldBack)
  if (gone !== null) {
    for (const hosts of inPieces(gone)) await stored.where('host', 'in', hosts).execute()
    return
  }
  await stored.execute()
  const queue = heldBack.flatMap(({ hosts, ...because }) =>
    hosts.map((host) => ({ run: id, host, because: JSON.stringify(because) })),
  )
  for (const rows of inPieces(queue.map((each, position) => ({ ...each, position }))))
    await transaction.insertInto('run_held_back').values(rows).execute()
}

export interface RunParts {
  /** In no order. */
  readonly groups: readonly { readonly key: Digest }[]
  readonly notes: readonly unknown[]
  readonly heldBack: readonly unknown[]
}

export async function partsOfRun(db: Connection, run: RunId): Promise<RunParts> {
  const groups = await db.selectFrom('run_groups').select('change_group').where('run', '=', run).execute()
  const notes = await db.selectFrom('run_notes').select('note').where('run', '=', run).orderBy('position').execute()
  const queue = await db
    .selectFrom('run_held_back')
    .select(['host', 'because'])
    .where('run', '=', run)
    .orderBy('position')
    .execute()
  return {
    groups: groups.map(({ change_group }) => JSON.parse(change_group) as RunParts['groups'][number]),
    notes: notes.map(({ note }) => JSON.parse(note) as unknown),
    heldBack: [...Map.groupBy(queue, ({ because }) => because)].map(([because, hosts]) => ({
      ...(JSON.parse(because) as Omit<HeldBack, 'hosts'>),
      hosts: hosts.map(({ host }): HostId => host),
    })),
  }
}
