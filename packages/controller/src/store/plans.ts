/** Plans of hosts by digest: the public documents that people see and sign. Nothing secret is in them. */
import { PlanRecord, type Digest } from '@fleetmend/shared'
import type { Connection } from './tables.ts'

/** A digest stands for one document, so the first one stays. */
export async function putPlan(db: Connection, record: PlanRecord): Promise<void> {
  await db
    .insertInto('plans')
    .values({ digest: record.digest, host: record.plan.host, record: JSON.stringify(record) })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .execute()
}

/** In the order of the digests given; those that are not there are left out. */
export async function getPlans(db: Connection, digests: readonly Digest[]): Promise<readonly PlanRecord[]> {
  const found = new Map<string, PlanRecord>()
  for (let begin = 0; begin < digests.length; begin += variablesAtOnce) {
    const some = digests.slice(begin, begin + variablesAtOnce)
    const rows = await db.selectFrom('plans').selectAll().where('digest', 'in', some).execute()
    for (const row of rows) found.set(row.digest, PlanRecord.parse(JSON.parse(row.record)))
  }
  return digests.flatMap((digest) => found.get(digest) ?? [])
}

/** SQLite and PostgreSQL both bound how many parameters a statement has. */
const variablesAtOnce = 500
