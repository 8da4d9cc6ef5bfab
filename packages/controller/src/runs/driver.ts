/**
 * The only place where runs touch the world. It saves an event and the run that follows in one transaction, and only then
 * carries out what the engine asks for; after a crash, it takes every run up where the store says that it stands.
 */
import {
  hasEnded,
  inTurn,
  problem,
  timedId,
  type ApplyPhase,
  type HostId,
  type Problem,
  type Run,
  type RunId,
  type TimelineEntry,
} from '@fleetmend/shared'
import { changeOfHosts } from './change-of-hosts.ts'
import type { Clock } from './clock.ts'
import { commandKey, type Command } from './command.ts'
import type { Fleet } from './fleet-port.ts'
import { hostOf } from './host-tally.ts'
import { askAgain, perform, type Patience, type World } from './perform.ts'
import { roomFor, type FleetRules, type RoomLimit } from './room.ts'
import { PersonEvent, Started, type RecordedEvent, type RunEvent } from './run-event.ts'
import type { Lease, RunStore, StartKey, StoredRun } from './run-store.ts'
import { resume } from './resume.ts'
import { isIn } from './step.ts'
import { begin, transition } from './transition.ts'
import { calledHosts } from './waves.ts'

export interface DriverPorts {
  readonly store: RunStore
  readonly fleet: Fleet
  readonly clock: Clock
  /** What holds for hosts of every run now; read each time, so that a change takes effect at once. */
  rules(): Promise<FleetRules>
  /** So many random bytes, in hex. */
  random(bytes: number): string
  /** Something that must not happen and does not stop the run; for the log. */
  onBug(error: unknown): void
  /**
   * An answer of the world could not be saved. The process must end: what is in memory is not what is on disk any more,
   * and at the next start every run is taken up where it stands.
   */
  onFatal(error: unknown): void
}

export interface DriverSettings extends Patience {
  readonly leaseMs: number
  /** How often hosts that were held back are tried again without a sign that there is room. */
  readonly roomEveryMs: number
}

export const driverDefaults: DriverSettings = {
  leaseMs: 30_000,
  roomEveryMs: 10_000,
  askEveryMs: 2_000,
  askForMs: 15 * 60_000,
  atWorkForMs: 60 * 60_000,
}

/** Stamped with the time when it is taken. */
export type Deed = PersonEvent extends infer Each ? (Each extends PersonEvent ? Omit<Each, 'at'> : never) : never
export type StartRequest = Omit<Started, 'type' | 'at' | 'run'>
export type Submitted = { readonly ok: true; readonly run: Run } | { readonly ok: false; readonly problem: Problem }

export type DriverNews =
  | { readonly news: 'event'; readonly recorded: RecordedEvent; readonly before: Run | null; readonly run: Run }
  | {
      readonly news: 'progress'
      readonly run: RunId
      readonly host: HostId
      readonly phase: ApplyPhase
      readonly entry: TimelineEntry
    }

interface ActiveRun {
  stored: StoredRun
  /** Ends when the last event that was submitted is dealt with: one at a time per run. */
  turn: Promise<unknown>
  readonly working: Map<string, Promise<void>>
  readonly over: AbortController
}

export class Driver {
  readonly #ports: DriverPorts
  readonly #settings: DriverSettings
  readonly #owner: string
  readonly #active = new Map<RunId, ActiveRun>()
  readonly #listeners = new Set<(news: DriverNews) => void>()
  readonly #closing = new AbortController()
  readonly #waitingForRoom = new Map<RunId, () => void>()
  #timesFreed = 0
  #leases: Promise<void> = Promise.resolve()
  #askingGivenUp: Promise<void> | null = null
  /** Room is given to one run after the other: none begins what another one has just taken. */
  readonly #oneAfterTheOther = inTurn()

  constructor(ports: DriverPorts, settings: DriverSettings = driverDefaults) {
    this.#ports = ports
    this.#settings = settings
    this.#owner = ports.random(8)
  }

  /** Takes up what was left unfinished, and from then on what other controllers leave. */
  async start(): Promise<void> {
    await this.#claim()
    this.#leases = this.#keepLeases().catch((error: unknown) => this.#ports.onFatal(error))
  }

  /** `key`: whoever got no answer asks again with it, and gets the run that the first request began. */
  async startRun(request: StartRequest, key?: string): Promise<Run> {
    const known = key === undefined ? null : await this.startedWith({ by: request.by, key })
    if (known) return known
    const at = this.#now()
    const started = Started.parse({ ...request, type: 'started', at, run: await this.#freeId(at) })
    const { run, commands } = begin(started)
    const startKey = key === undefined ? undefined : { by: request.by, key }
    const created = await this.#ports.store.create(run, started, this.#lease(), startKey)
    if (created.kind === 'known') return (await this.load(created.run)) ?? gone(created.run)
    const active = this.#active.get(run.id) ?? this.#activate({ run, revision: 1 })
    this.#tell({ news: 'event', recorded: created.recorded, before: null, run })
    for (const command of commands) this.#perform(active, command)
    this.#expireLater(active)
    return run
  }

  /** The run that was begun with this key; null: none was. */
  async startedWith(key: StartKey): Promise<Run | null> {
    const id = await this.#ports.store.startedWith(key)
    return id === null ? null : this.load(id)
  }

  /** What a person did; refused, with nothing recorded, where the run is not waiting for it. */
  async submit(id: RunId, deed: Deed): Promise<Submitted> {
    const event = PersonEvent.parse({ ...deed, at: this.#now() })
    const active = this.#active.get(id)
    if (active) return this.#take(active, event)
    const stored = await this.#ports.store.load(id)
    if (!stored)
      return {
        ok: false,
        problem: problem(
          'unknown-run',
          `There is no run ${JSON.stringify(id.slice(0, 80))}. To see those there are:\n    fleetmend runs list`,
        ),
      }
    const step = transition(stored.run, event)
    return step.ok ? notHere(id) : step
  }

  /** The run as it is now. */
  async load(id: RunId): Promise<Run | null> {
    return (this.#active.get(id)?.stored ?? (await this.#ports.store.load(id)))?.run ?? null
  }

  /** Called with what happens from now on; returns what ends that. A listener must not throw. */
  watch(listener: (news: DriverNews) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Begins nothing more and lets go. What hosts are doing goes on, and is asked about at the next start. */
  async close(): Promise<void> {
    this.#closing.abort()
    const active = [...this.#active.values()]
    for (const run of active) this.#drop(run)
    await Promise.all([
      this.#leases,
      this.#askingGivenUp,
      ...active.flatMap((run) => [run.turn, ...run.working.values()]),
    ])
  }

  /** One event after the other, so that each is judged by the run that the one before made. */
  #take(active: ActiveRun, event: RunEvent, limits: readonly RoomLimit[] = []): Promise<Submitted> {
    const taken = active.turn.then(() => this.#step(active, event, limits))
    active.turn = taken.catch(() => undefined)
    return taken
  }

  async #step(active: ActiveRun, event: RunEvent, limits: readonly RoomLimit[]): Promise<Submitted> {
    const { run: before, revision } = active.stored
    if (active.over.signal.aborted && !hasEnded(before.state)) return notHere(before.id)
    const step = transition(before, event)
    if (!step.ok) return step
    const next = { run: step.run, revision: revision + 1 }
    const hosts = changeOfHosts(before, next.run, limits)
    const saved = await this.#ports.store.save(next, event, this.#lease(), hosts)
    if (saved.kind === 'no-room') return notHere(before.id)
    if (saved.kind === 'not-ours') {
      this.#drop(active)
      return notHere(before.id)
    }
    active.stored = next
    if (hosts.left.length > 0) this.#wakeForRoom()
    this.#tell({ news: 'event', recorded: saved.recorded, before, run: next.run })
    if (hasEnded(next.run.state)) this.#drop(active)
    for (const command of step.commands) this.#perform(active, command)
    if (event.type === 'approval-asked') this.#expireLater(active)
    return { ok: true, run: next.run }
  }

  /** A command that is being carried out already is not carried out a second time beside it. */
  #perform(active: ActiveRun, command: Command): void {
    const key = commandKey(command)
    if (active.working.has(key)) return
    if (command.do === 'ask-room') {
      active.working.set(
        key,
        this.#seekRoom(active, key).catch((error: unknown) => this.#ports.onFatal(error)),
      )
      return
    }
    this.#work(active, key, async () => {
      const { run } = active.stored
      return perform(run, command, this.#world(run.id), active.over.signal)
    })
  }

  #world(run: RunId): World {
    return {
      ...this.#ports,
      patience: this.#settings,
      onProgress: (host: HostId, phase: ApplyPhase, entry: TimelineEntry) =>
        this.#tell({ news: 'progress', run, host, phase, entry }),
    }
  }

  /** As long as hosts were called and have not begun; each is tried again when others are done, and now and then. */
  async #seekRoom(active: ActiveRun, key: string): Promise<void> {
    for (;;) {
      const before = this.#timesFreed
      const isGiven = await this.#oneAfterTheOther(() => this.#giveRoom(active))
      const { signal } = active.over
      // Nothing may happen between these two: who is called from then on asks anew.
      if (signal.aborted || wantedHosts(active.stored.run).length === 0) {
        active.working.delete(key)
        return
      }
      // A host may have been done while room was looked for, when nobody waited to hear of it.
      if (!isGiven && before === this.#timesFreed) await this.#untilRoom(active)
    }
  }

  /** True: somebody began, so that it may be the turn of others. */
  async #giveRoom(active: ActiveRun): Promise<boolean> {
    const wanted = wantedHosts(active.stored.run)
    if (wanted.length === 0 || active.over.signal.aborted) return false
    const [inChange, rules] = await Promise.all([this.#ports.store.inChange(), this.#ports.rules()])
    const { run } = active.stored
    const room = roomFor(run, wantedHosts(run), inChange, rules, this.#ports.clock.nowMs())
    const at = this.#now()
    if (room.begin.length > 0)
      return (await this.#take(active, { type: 'hosts-begun', at, hosts: [...room.begin] }, rules.limits)).ok
    if (JSON.stringify(room.heldBack) !== JSON.stringify(run.heldBack))
      await this.#take(active, { type: 'held-back', at, because: [...room.heldBack] })
    return false
  }

  async #untilRoom(active: ActiveRun): Promise<void> {
    const { id } = active.stored.run
    const woken = new AbortController()
    this.#waitingForRoom.set(id, () => woken.abort())
    await this.#ports.clock.sleep(this.#settings.roomEveryMs, AbortSignal.any([woken.signal, active.over.signal]))
    this.#waitingForRoom.delete(id)
  }

  /** Whoever asked first is first. */
  #wakeForRoom(): void {
    this.#timesFreed++
    for (const [, wake] of [...this.#waitingForRoom].toSorted(([a], [b]) => (a < b ? -1 : 1))) wake()
  }

  /** When its manifest is no longer worth anything, or its own deadline is over: whichever comes first. */
  #expireLater(active: ActiveRun): void {
    const { manifest, terms } = active.stored.run
    const at = manifest?.notAfter ?? terms.deadline
    if (at === undefined) return
    this.#work(active, `expire ${at}`, async () => {
      await this.#ports.clock.sleep(Date.parse(at) - this.#ports.clock.nowMs(), active.over.signal)
      return active.over.signal.aborted ? null : { type: 'expired', at: this.#now() }
    })
  }

  #work(active: ActiveRun, key: string, wait: () => Promise<RunEvent | null>): void {
    const work = async () => {
      const event = await wait()
      // Before the event is taken: what follows from it may be the same command again.
      active.working.delete(key)
      if (event) await this.#take(active, event)
    }
    active.working.set(
      key,
      work().catch((error: unknown) => this.#ports.onFatal(error)),
    )
  }

  async #claim(): Promise<void> {
    const claimed = await this.#ports.store.claim(this.#lease(), this.#ports.clock.nowMs(), [...this.#active.keys()])
    for (const stored of claimed) {
      // One that was begun here while the store was asked.
      if (this.#active.has(stored.run.id)) continue
      const active = this.#activate(stored)
      for (const command of resume(stored.run)) this.#perform(active, command)
      this.#expireLater(active)
    }
  }

  async #keepLeases(): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      await this.#ports.clock.sleep(this.#settings.leaseMs / 3, signal)
      if (signal.aborted) return
      await this.#claim()
      // Not waited for: a host that does not answer takes its time.
      this.#askingGivenUp ??= this.#askGivenUp()
        .catch((error: unknown) => this.#ports.onFatal(error))
        .finally(() => (this.#askingGivenUp = null))
    }
  }

  /** What became of hosts that runs gave up, which are counted as in change until it is known. */
  async #askGivenUp(): Promise<void> {
    const all = (await this.#ports.store.inChange()).filter((each) => each.isGivenUp)
    await Promise.all(all.map(({ host, run }) => this.#askOneGivenUp(host, run)))
  }

  async #askOneGivenUp(host: HostId, id: RunId): Promise<void> {
    const { signal } = this.#closing
    const active = this.#active.get(id)
    const stored = active?.stored ?? (await this.#ports.store.load(id))
    const plan = stored && hostOf(stored.run, host)?.plan
    if (!plan) return
    const event = await askAgain(stored.run, host, plan, this.#world(id), signal)
    if (event === null || signal.aborted) return
    if (event === 'gone') await this.#ports.store.forgetGivenUp(host, id)
    // What is known of it changes, though the run is long over.
    else await this.#take(active ?? { ...idle(), stored }, event)
    this.#wakeForRoom()
  }

  #activate(stored: StoredRun): ActiveRun {
    const active: ActiveRun = { ...idle(), stored }
    this.#active.set(stored.run.id, active)
    return active
  }

  #drop(active: ActiveRun): void {
    this.#active.delete(active.stored.run.id)
    active.over.abort()
  }

  async #freeId(at: string): Promise<RunId> {
    for (;;) {
      const id = timedId('r', at, this.#ports.random(2))
      if (!(await this.#ports.store.load(id))) return id
    }
  }

  #lease(): Lease {
    return { owner: this.#owner, expiresMs: this.#ports.clock.nowMs() + this.#settings.leaseMs }
  }

  #tell(news: DriverNews): void {
    for (const listener of this.#listeners) listener(news)
  }

  #now(): string {
    return new Date(this.#ports.clock.nowMs()).toISOString()
  }
}

function idle(): Omit<ActiveRun, 'stored'> {
  return { turn: Promise.resolve(), working: new Map(), over: new AbortController() }
}

/** Hosts whose turn it is, of a run that begins any. */
function wantedHosts(run: Run): readonly HostId[] {
  return isIn(run, 'applying', 'waiting') && run.stopping === null ? calledHosts(run) : []
}

function gone(id: RunId): never {
  throw new Error(`${id} is in the store no more. This is a bug.`)
}

function notHere(id: RunId): Submitted {
  return {
    ok: false,
    problem: problem(
      'run-not-ready',
      `Cannot do that to ${id} here: another controller carries it on, or this one is stopping. Try again.`,
    ),
  }
}
