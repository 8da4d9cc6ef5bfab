/**
 * What of a run grows with the fleet gets rows of its own, as its hosts have: its change groups, its notes, who is held back.
 * Which of its hosts are canaries stays as it was at its start.
 */
import type { Kysely } from 'kysely'

interface Before {
  readonly runs: { readonly id: string; readonly snapshot: string; readonly canaries: string }
  readonly run_groups: { readonly run: string; readonly key: string; readonly change_group: string }
  readonly run_notes: { readonly run: string; readonly position: number; readonly note: string }
  readonly run_held_back: {
    readonly run: string
    readonly host: string
    readonly position: number
    readonly because: string
  }
}

/** What of a snapshot is taken out of it. Snapshots of tests may have none of it. */
interface Whole {
  readonly groups?: readonly { readonly key: string }[]
  readonly notes?: readonly object[]
  readonly heldBack?: readonly { readonly hosts: readonly string[] }[]
  readonly canaries?: readonly string[]
}

const rowsAtOnce = 500

export async function up(db: Kysely<Before>): Promise<void> {
  await db.schema
    .alterTable('runs')
    .addColumn('canaries', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute()
  await db.schema
    .createTable('run_groups')
    .addColumn('run', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('change_group', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_groups_key', ['run', 'key'])
    .execute()
  await db.schema
    .createTable('run_notes')
    .addColumn('run', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('note', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_notes_key', ['run', 'position'])
    .execute()
  await db.schema
    .createTable('run_held_back')
    .addColumn('run', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('because', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_held_back_key', ['run', 'host'])
    .execute()
  // One after the other: a run of a big fleet is some megabytes.
  for (const { id: run } of await db.selectFrom('runs').select('id').execute()) {
    const row = await db.selectFrom('runs').select('snapshot').where('id', '=', run).executeTakeFirstOrThrow()
    const { groups = [], notes = [], heldBack = [], canaries = [], ...rest } = JSON.parse(row.snapshot) as Whole
    for (const some of inPieces(groups))
      await db
        .insertInto('run_groups')
        .values(some.map((group) => ({ run, key: group.key, change_group: JSON.stringify(group) })))
        .execute()
    for (const some of inPieces(notes.map((note, position) => ({ run, position, note: JSON.stringify(note) }))))
      await db.insertInto('run_notes').values(some).execute()
    const queue = heldBack.flatMap(({ hosts, ...because }) =>
      hosts.map((host) => ({ run, host, because: JSON.stringify(because) })),
    )
    for (const some of inPieces(queue.map((each, position) => ({ ...each, position }))))
      await db.insertInto('run_held_back').values(some).execute()
    await db
      .updateTable('runs')
      .set({ snapshot: JSON.stringify(rest), canaries: JSON.stringify(canaries) })
      .where('id', '=', run)
      .execute()
  }
}

function inPieces<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / rowsAtOnce) }, (_, n) =>
    rows.slice(n * rowsAtOnce, (n + 1) * rowsAtOnce),
  )
}
