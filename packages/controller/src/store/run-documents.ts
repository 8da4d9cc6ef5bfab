/**
 * The plans and reports of a run. They stand in its events, which stay for ever; beside those they lie at hand until a
 * while after its end, so that what is looked at often is not looked for in a long history.
 */
import type { ApplyReport, Digest, HostId, PlanRecord, Run } from '@fleetmend/shared'
import { getPlans } from './plans.ts'
import { listEvents } from './run-events.ts'
import { hostsOfRun } from './run-hosts.ts'
import { listReports } from './runs.ts'
import type { Connection, Database } from './tables.ts'

export interface RunDocuments {
  /** In the order of its hosts. */
  readonly plans: readonly PlanRecord[]
  /** The last of each host that was begun, by name. */
  readonly reports: readonly ApplyReport[]
}

export async function documentsOf(db: Connection, run: Run): Promise<RunDocuments> {
  const digests = digestsIn(run)
  const [plans, reports] = await Promise.all([getPlans(db, digests), listReports(db, run.id)])
  return plans.length < digests.length ? inHistory(db, run) : { plans, reports }
}

async function inHistory(db: Connection, run: Run): Promise<RunDocuments> {
  const plans = new Map<Digest, PlanRecord>()
  const reports = new Map<HostId, ApplyReport>()
  for (const { event } of await listEvents(db, run.id)) {
    if (event.type === 'host-planned') plans.set(event.record.digest, event.record)
    if ((event.type === 'host-applied' || event.type === 'host-answered') && event.report !== null)
      reports.set(event.report.host, event.report)
  }
  return {
    plans: digestsIn(run).flatMap((digest) => plans.get(digest) ?? []),
    reports: [...reports.values()].toSorted((a, b) => (a.host < b.host ? -1 : 1)),
  }
}

/** Where to go on: the run that was done last. */
export interface Dropped {
  readonly endedAt: string
  readonly id: string
}

/**
 * Of the first run after that one that ended before an instant; null: there is none. One run at a time, as nobody else can
 * write meanwhile.
 */
export async function dropDocuments(
  database: Database,
  before: string,
  after: Dropped | null,
): Promise<Dropped | null> {
  return database.transaction().execute(async (transaction) => {
    let query = transaction
      .selectFrom('runs')
      .select(['id', 'ended_at'])
      .where('ended_at', 'is not', null)
      .where('ended_at', '<', before)
      .orderBy('ended_at')
      .orderBy('id')
      .limit(1)
    if (after !== null)
      query = query.where((row) =>
        row.or([
          row('ended_at', '>', after.endedAt),
          row.and([row('ended_at', '=', after.endedAt), row('id', '>', after.id)]),
        ]),
      )
    const row = await query.executeTakeFirst()
    if (!row || row.ended_at === null) return null
    const digests = digestsIn({ hosts: await hostsOfRun(transaction, row.id) })
    for (let begin = 0; begin < digests.length; begin += variablesAtOnce)
      await transaction
        .deleteFrom('plans')
        .where('digest', 'in', digests.slice(begin, begin + variablesAtOnce))
        .execute()
    await transaction.deleteFrom('applies').where('run', '=', row.id).execute()
    return { endedAt: row.ended_at, id: row.id }
  })
}

const variablesAtOnce = 500

function digestsIn({ hosts }: { readonly hosts: Readonly<Run['hosts']> }): readonly Digest[] {
  return hosts.flatMap(({ plan }) => plan ?? [])
}
