/**
 * What an event of a run costs, over runs of 100, 1,000 and 10,000 hosts: the real driver over a store in a file, with hosts
 * that answer at once, beside the same entries inserted into a bare table of the same file, each in a transaction of its own.
 * Of the same change for all; with every host a change of its own; with all but 50 held back by a limit of the fleet; and
 * with ten who follow it. Goal: the cost per host is flat. `node packages/controller/bench/run-events.ts [HOSTS …]`; a phase is broken off after `FLEETMEND_BENCH_S` seconds.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { digestOf, manifestDigest, type HostId, type PlanRecord, type Run, type RunId } from '@fleetmend/shared'
import { sql } from 'kysely'
import { runStories, type RunStories } from '../src/api/run-stories.ts'
import { watchRun } from '../src/api/watch-run.ts'
import { Driver, driverDefaults } from '../src/runs/driver.ts'
import { systemClock } from '../src/runs/clock.ts'
import type { Fleet } from '../src/runs/fleet-port.ts'
import type { FleetRules } from '../src/runs/room.ts'
import type { Started } from '../src/runs/run-event.ts'
import { openSqlite } from '../src/store/open-sqlite.ts'
import { runStore } from '../src/store/runs.ts'
import type { Database } from '../src/store/tables.ts'
import { approvalBy, planOf, reportOf, startedWith } from '../test/sample-run.ts'

const sizes = process.argv.slice(2).map(Number)
const longestMs = Number(process.env['FLEETMEND_BENCH_S'] ?? '60') * 1000

interface Phase {
  readonly events: number
  readonly ms: number
  readonly cpuMs: number
  readonly isWhole: boolean
}

interface Case {
  readonly name: string
  readonly request: Partial<Started>
  readonly changeOf: (host: HostId) => string
  readonly limits: FleetRules['limits']
  readonly followers: number
}

const one: Case = {
  name: 'one change',
  request: { waves: { canaryHosts: 1, batchHosts: 50 } },
  changeOf: () => 'raise',
  limits: [],
  followers: 0,
}

const cases: readonly Case[] = [
  one,
  {
    ...one,
    name: 'its own',
    changeOf: (host) => host,
    request: { ...one.request, limits: { stopAtFailures: 1, groupsAtOnce: 50, approvalsNeeded: 1 } },
  },
  {
    ...one,
    name: 'held back',
    request: { waves: { canaryHosts: 0, batchHosts: '100%' } },
    limits: [{ words: '50 of all hosts', members: null, most: 50 }],
  },
  { ...one, name: 'followed', followers: 10 },
]

const fleetOf = (plans: ReadonlyMap<HostId, PlanRecord>): Fleet => {
  const planOf = (host: HostId): PlanRecord => plans.get(host)!
  return {
    plan: async (host) => ({ kind: 'planned', record: planOf(host) }),
    apply: async (host) => ({ kind: 'reported', report: reportOf(planOf(host), 'fixed') }),
    askApply: async () => ({ kind: 'never-heard' }),
    presence: async () => 'here',
    look: async () => ({ kind: 'well' }),
  }
}

process.stdout.write(`load ${loadavg()[0]?.toFixed(2)}\n`)
process.stdout.write(
  `${['hosts', 'change', 'phase', 'events', 'µs/event', 'bare insert', 'ratio', 'CPU µs/event', 'bare insert', 'ratio'].map(cell).join('')}\n`,
)
// What is compiled on the way is compiled before anything is measured.
for (const each of cases) for (let round = 0; round < 3; round++) await measure(each, 100, () => {})
for (const each of cases)
  for (const hosts of sizes.length > 0 ? sizes : [100, 1_000, 10_000])
    await measure(each, hosts, (line) => process.stdout.write(`${line}\n`))

function cell(value: string | number): string {
  return String(value).padEnd(14)
}

function eachOf({ events, ms, cpuMs }: Phase): { readonly us: number; readonly cpuUs: number } {
  return { us: (ms / events) * 1000, cpuUs: (cpuMs / events) * 1000 }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function measure(each: Case, hosts: number, print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-bench-'))
  try {
    const opened = await openSqlite(folder)
    if (!opened.ok) throw new Error(opened.says)
    const { database } = opened
    const phases = await runOver(database, each, hosts)
    const floor = await floorOf(database)
    for (const [name, phase] of Object.entries(phases)) {
      const beside = (us: number, bare: number) => [us.toFixed(0), bare.toFixed(0), (us / bare).toFixed(1)]
      const ours = eachOf(phase)
      const cells = [hosts, each.name, name, `${phase.events}${phase.isWhole ? '' : '+'}`]
      const line = [...cells, ...beside(ours.us, floor.us), ...beside(ours.cpuUs, floor.cpuUs)]
      print(line.map(cell).join(''))
    }
    await database.destroy()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runOver(
  database: Database,
  { request: asked, changeOf, limits, followers }: Case,
  hosts: number,
): Promise<Readonly<Record<string, Phase>>> {
  const names = Array.from({ length: hosts }, (_, n) => `web-${String(n).padStart(5, '0')}`)
  // Made before, so that what hosts do costs nothing here.
  const plans = new Map(names.map((name) => [name, freshPlan(name, changeOf(name))]))
  let events = 0
  let state = ''
  let wake = (): void => undefined
  const fail = (error: unknown): never => {
    throw error
  }
  const driver = new Driver(
    {
      store: runStore(database, { soleWriter: true }),
      fleet: fleetOf(plans),
      clock: systemClock,
      rules: () => Promise.resolve({ limits, closed: [] }),
      random: (bytes) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('hex'),
      onBug: fail,
      onFatal: fail,
    },
    driverDefaults,
  )
  const stories = runStories(driver, database)
  driver.watch((news) => {
    if (news.news !== 'event') return
    events++
    state = news.run.state
    wake()
  })
  const phase = async (isOver: () => boolean, begin: () => Promise<unknown>): Promise<Phase> => {
    const before = events
    const [startMs, startCpuMs] = [performance.now(), cpuMs()]
    const isLate = (): boolean => performance.now() - startMs > longestMs
    await begin()
    while (!isOver() && !isLate()) await new Promise<void>((resolve) => (wake = resolve))
    const ms = performance.now() - startMs
    return { events: events - before, ms, cpuMs: cpuMs() - startCpuMs, isWhole: isOver() }
  }
  await driver.start()
  let run: Run | null = null
  const { type: _, at: __, run: ___, ...request } = startedWith(names, asked)
  const planning = await phase(
    () => state === 'awaiting-approval',
    async () => {
      run = await driver.startRun(request)
      for (let n = 0; n < followers; n++) void follow(stories, run.id)
    },
  )
  const id = run!.id
  const phases: Record<string, Phase> = { planning }
  if (planning.isWhole) {
    const { manifest } = (await driver.load(id))!
    const approval = approvalBy('ben')
    await driver.submit(id, { type: 'approved', digest: manifestDigest(manifest!), approval })
    phases['applying'] = await phase(
      () => state === 'finished',
      () => driver.submit(id, { type: 'apply-started', by: 'ana' }),
    )
  }
  await driver.close()
  return phases
}

/** To its end; what is told is made into text, as for somebody far away. */
async function follow(stories: RunStories, run: RunId): Promise<void> {
  for await (const { news } of watchRun(stories, run, 0, new AbortController().signal)) JSON.stringify(news)
}

/** As the sample makes it, but good for an hour from now. */
function freshPlan(host: HostId, change: string): PlanRecord {
  const plan = { ...planOf(host, change).plan, expiresAt: new Date(Date.now() + 3_600_000).toISOString() }
  return { digest: digestOf(plan), plan, forecast: [] }
}

/** µs for an entry of the history, by itself. */
async function floorOf(database: Database): Promise<ReturnType<typeof eachOf>> {
  const entries = await database.selectFrom('run_events').select('entry').limit(2_000).execute()
  await sql`create table floor (sequence integer primary key, entry text not null)`.execute(database)
  const [startMs, startCpuMs] = [performance.now(), cpuMs()]
  for (const { entry } of entries)
    await database
      .transaction()
      .execute((transaction) => sql`insert into floor (entry) values (${entry})`.execute(transaction))
  const ms = performance.now() - startMs
  return eachOf({ events: entries.length, ms, cpuMs: cpuMs() - startCpuMs, isWhole: true })
}
