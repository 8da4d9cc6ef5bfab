/**
 * One simulated night: the real engine, driver and store with simulated hosts, clock, network, people, and a controller that
 * is killed between any two of its steps. A seed decides everything, so that what goes wrong once goes wrong again.
 */
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import { hasEnded, type HostId } from '@fleetmend/shared'
import { Kysely } from 'kysely'
import { Driver, type DriverSettings, type StartRequest } from '../../src/runs/driver.ts'
import { replay } from '../../src/runs/replay.ts'
import type { RunStore } from '../../src/runs/run-store.ts'
import { nodeSqliteDialect } from '../../src/store/sqlite-dialect.ts'
import { openMemoryStore } from '../../src/store/open-sqlite.ts'
import { listEvents, verifyChain } from '../../src/store/run-events.ts'
import { listRuns, runStore } from '../../src/store/runs.ts'
import type { Database, Tables } from '../../src/store/tables.ts'
import { mortalFleet, mortalStore } from '../mortal.ts'
import { atMs, startedWith } from '../sample-run.ts'
import { settlingStore } from '../settling-store.ts'
import type { OpenedStore } from '../stores.ts'
import { chanceOf } from './chance.ts'
import { act, whatToDo } from './people.ts'
import { simulatedHost, type SimulatedHost } from './simulated-hosts.ts'
import { simulatedFleet } from './simulated-network.ts'
import { timelineFrom } from './timeline.ts'
import { rulesOf, termsOf } from './terms.ts'
import { openTruth } from './truth.ts'

export interface Simulated {
  readonly seed: number
  /** Rules that were broken, as sentences; empty: none. */
  readonly broken: readonly string[]
  /** What happened, a line each, for people. */
  readonly history: readonly string[]
  readonly kills: number
  readonly events: number
}

/** A run that somebody wants, once. */
interface Wish {
  readonly key: string
  /** Null: it was not asked for yet. */
  request: StartRequest | null
  isAnswered: boolean
}

const minuteMs = 60_000
/** Until then things go wrong; afterwards hosts come back, nobody dies, and every run has to end. */
const stormMs = 90 * minuteMs
const lastStartMs = 20 * minuteMs
const longestMs = 12 * 60 * minuteMs
/** What was on its way when the last run ended must have arrived by then. */
const lateMs = 15 * minuteMs
const mostSteps = 50_000

const settings: Omit<DriverSettings, 'askForMs'> = {
  leaseMs: 60 * minuteMs,
  askEveryMs: 20_000,
  atWorkForMs: 60 * minuteMs,
  roomEveryMs: 3 * 60_000,
}

/** `open`: what the store is kept in, empty and migrated; left out: in memory. */
export async function simulate(seed: number, open: () => Promise<OpenedStore> = inMemory): Promise<Simulated> {
  const chance = chanceOf(seed)
  const timeline = timelineFrom(atMs, chance)
  const history: string[] = []
  const tell = (who: string, says: string): void => void history.push(line(timeline.nowMs() - atMs, who, says))
  const isStorm = (): boolean => timeline.nowMs() - atMs < stormMs
  const weather = {
    breaks: chance.one([0, 0.02, 0.1, 0.3]),
    mishaps: chance.one([0, 0.05, 0.3]),
    deaths: chance.one([0, 0.005, 0.02, 0.1]),
    absences: chance.one([0, 0.3, 1]),
    /** How often a host is gone as soon as it is at work. */
    vanishing: chance.one([0, 0, 0.3]),
    /** How long it is before a host is given up that does not answer; the shorter, the more are. */
    patienceMs: chance.one([0.5, 3, 15]) * minuteMs,
  }
  const names = Array.from({ length: chance.between(1, 6) }, (_, n) => `web-${n + 1}`)
  const rulesAt = rulesOf(chance, names, atMs)
  const truth = openTruth({
    tell,
    nowMs: timeline.nowMs,
    rulesAt,
    isRemoved: (id) => hosts.get(id)?.isRemoved === true,
  })
  const hosts = new Map<HostId, SimulatedHost>()
  for (const id of names) {
    const host = simulatedHost(id, {
      chance,
      timeline,
      mishaps: weather.mishaps,
      begun: (it) => {
        tell(id, `begins to apply for ${it.run}`)
        truth.begun(it)
        if (isStorm() && chance.is(weather.vanishing)) vanish(host)
      },
      ended: (it, outcome, probesPass) => {
        tell(id, `has applied: ${outcome}`)
        truth.ended(it, outcome, probesPass)
      },
    })
    hosts.set(id, host)
    if (chance.is(weather.absences)) comeAndGo(host)
  }
  const fleet = simulatedFleet({ chance, timeline, hosts, breaks: () => (isStorm() ? weather.breaks : 0), tell })
  const { database, close } = await open()
  const { store: settling, settle } = settlingStore(runStore(database, { soleWriter: true }), 1)
  const store = watched(settling)
  const trouble = (error: unknown): void => {
    tell('BUG', error instanceof Error ? (error.stack ?? error.message) : String(error))
    bugs.push(String(error))
  }
  const bugs: string[] = []
  let driver: Driver | null = null
  let kills = 0

  function vanish(host: SimulatedHost): void {
    host.isAway = true
    host.cut()
    tell(host.id, 'goes away')
    timeline.after(chance.between(1000, 40 * minuteMs), () => {
      host.isAway = false
      tell(host.id, 'is back')
    })
  }

  function comeAndGo(host: SimulatedHost): void {
    timeline.after(chance.between(0, stormMs), () => {
      host.isAway = true
      host.cut()
      host.isRemoved = chance.is(0.1)
      tell(host.id, host.isRemoved ? 'is taken out of the fleet' : 'goes away')
      if (host.isRemoved) return
      timeline.after(chance.between(1000, 30 * minuteMs), () => {
        host.isAway = false
        tell(host.id, 'is back')
        if (isStorm()) comeAndGo(host)
      })
    })
  }

  function watched(inner: RunStore): RunStore {
    return {
      ...inner,
      async create(run, started, lease, key) {
        const created = await inner.create(run, started, lease, key)
        if (created.kind === 'known') return created
        tell(run.id, `started with ${started.hosts.join(' ')}`)
        truth.saved(run, started)
        return created
      },
      async save(next, event, lease, hosts) {
        const saved = await inner.save(next, event, lease, hosts)
        if (saved.kind === 'saved') {
          const about = 'host' in event ? ` of ${event.host}` : ''
          tell(
            next.run.id,
            `${event.type}${about} → ${next.run.state}: ${next.run.hosts.map((each) => each.state).join(' ')}`,
          )
          truth.saved(next.run, event)
        }
        return saved
      },
    }
  }

  function startController(): void {
    const number = kills + 1
    let isDead = false
    const life = {
      point: (where: string) =>
        new Promise<void>((resolve) => {
          if (isDead) return
          if (isStorm() && chance.is(weather.deaths)) {
            isDead = true
            driver = null
            kills++
            tell('controller', `number ${number} is killed ${where}`)
            timeline.after(chance.between(1000, 5 * minuteMs), startController)
            return
          }
          timeline.after(chance.between(0, 5), () => {
            if (!isDead) resolve()
          })
        }),
    }
    const mine = new Driver(
      {
        store: mortalStore(store, life),
        fleet: mortalFleet(fleet, life),
        clock: {
          nowMs: timeline.nowMs,
          sleep: (ms, signal) =>
            new Promise((resolve) => {
              const wake = (): void => {
                if (!isDead) resolve()
              }
              const takeBack = timeline.after(signal.aborted ? 0 : ms, wake)
              signal.addEventListener('abort', () => (takeBack(), wake()), { once: true })
            }),
        },
        random: (bytes) => Array.from({ length: bytes * 2 }, () => chance.between(0, 15).toString(16)).join(''),
        rules: () => Promise.resolve(rulesAt(timeline.nowMs())),
        onBug: trouble,
        onFatal: trouble,
      },
      { ...settings, askForMs: weather.patienceMs },
    )
    driver = mine
    tell('controller', `number ${number} starts`)
    void mine.start()
  }

  function newRequest(): StartRequest {
    const some = names.filter(() => chance.is(0.8))
    const asked = some.length > 0 ? some : names
    const { type: _, at: __, run: ___, ...request } = startedWith(asked, termsOf(chance, asked, timeline.nowMs()))
    return request
  }

  /** Whoever got no answer asks again, with the same key; now and then somebody asks twice at once. */
  function askFor(wish: Wish): void {
    wish.request ??= newRequest()
    for (let times = chance.is(0.1) ? 2 : 1; times > 0; times--)
      void driver?.startRun(wish.request, wish.key).then(({ id }) => {
        wish.isAnswered = true
        truth.answered(wish.key, id)
      })
  }

  function peopleLook(): void {
    const isLate = !isStorm()
    for (const wish of wishes) if (wish.request && !wish.isAnswered) askFor(wish)
    for (const run of truth.runs()) {
      const deed = whatToDo(run, chance, isLate)
      if (deed && driver) void act(driver, run, deed, chance)
    }
    if (!isOver()) timeline.after(chance.between(5000, 4 * minuteMs), peopleLook)
  }

  const wanted = chance.one([1, 1, 2, 2, 3])
  const wishes = Array.from({ length: wanted }, (_, n): Wish => ({
    key: `wish-${n}`,
    request: null,
    isAnswered: false,
  }))
  const isOver = (): boolean => truth.runs().length >= wanted && truth.runs().every(({ state }) => hasEnded(state))
  const hasTime = (): boolean => timeline.nowMs() - atMs < longestMs

  let overSinceMs = Number.POSITIVE_INFINITY
  startController()
  for (const wish of wishes) timeline.after(chance.between(1000, lastStartMs), () => askFor(wish))
  timeline.after(minuteMs, peopleLook)
  for (let steps = 0; steps < mostSteps && hasTime() && truth.broken.length === 0 && bugs.length === 0; steps++) {
    await settle()
    overSinceMs = isOver() ? Math.min(overSinceMs, timeline.nowMs()) : Number.POSITIVE_INFINITY
    if (timeline.nowMs() - overSinceMs > lateMs || !timeline.step()) break
  }
  // A night that was broken off has no end to judge.
  if (truth.broken.length === 0 && bugs.length === 0) truth.over(wanted)
  const kept = await whatIsKept(database)
  const broken = [...bugs, ...truth.broken, ...kept.broken]
  for (const each of kept.broken) tell('RULE', each)
  await close()
  return { seed, broken, history, kills, events: kept.events }
}

/** The store afterwards: a chain that holds, and runs that are what their events say. */
async function whatIsKept(
  database: Database,
): Promise<{ readonly broken: readonly string[]; readonly events: number }> {
  const broken: string[] = []
  const chain = await verifyChain(database)
  if (!chain.ok) broken.push(chain.says)
  for (const run of await listRuns(database, 100)) {
    const events = (await listEvents(database, run.id)).map(({ event }) => event)
    if (!isDeepStrictEqual(replay(events), run)) broken.push(`${run.id} is not what its events say`)
  }
  return { broken, events: chain.ok ? chain.events : 0 }
}

/** A migrated database, made once: most seeds would spend most of their time on its tables. */
let migrated: Promise<Uint8Array> | null = null

async function inMemory(): Promise<OpenedStore> {
  migrated ??= migratedBytes()
  const sqlite = new DatabaseSync(':memory:')
  sqlite.deserialize(await migrated)
  const database: Database = new Kysely<Tables>({ dialect: nodeSqliteDialect(sqlite) })
  return { database, close: () => database.destroy() }
}

async function migratedBytes(): Promise<Uint8Array> {
  const sqlite = new DatabaseSync(':memory:')
  const database = await openMemoryStore(sqlite)
  const bytes = sqlite.serialize()
  await database.destroy()
  return bytes
}

function line(sinceMs: number, who: string, says: string): string {
  const clock = new Date(sinceMs).toISOString().slice(11, 23)
  return `  +${clock}  ${who.padEnd(12)} ${says}`
}
