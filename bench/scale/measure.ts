/** One fleet, from nothing to its end: what is measured at one size, in this order, with nothing left behind. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { briefly, digestOf, readApprovers } from '@fleetmend/shared'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import type { RecordedAnswers } from './answers.ts'
import { controllerIn, type Controller } from './controller.ts'
import { medianOf, percentile, type Turn } from './figures.ts'
import {
  copyOfData,
  meetSessions,
  restart,
  startAgents,
  stormController,
  untilHere,
  type Agents,
  type Reconnected,
  type WholeStormed,
} from './fleetmend.ts'
import { inTurns } from './in-turns.ts'
import { lookInto } from './look-into.ts'
import { makeFleet, type FleetMade } from './make-fleet.ts'
import { cpuMsOf } from './process-use.ts'
import type { Inside } from './read-profile.ts'
import { hasNats, meetNats, meetRawWs, type Contestant, type Met, type Stormed } from './rivals.ts'
import { runInBatches, type RunDone } from './run-in-batches.ts'
import { simulatedHost } from './simulated-host.ts'
import type { Watcher } from './watcher.ts'

/** Two cores: one for whoever asks, the other for those who answer. */
export const agentProcesses = 2

/** Whatever is asked of thousands is seldom asked of more at once. */
export const fewAtOnce = 64

const breathMs = 4000

export interface Payloads {
  readonly hello: string
  readonly diagnose: string
}

export interface Standing {
  readonly controller: Controller
  readonly fleet: FleetMade
  readonly agents: Agents
  readonly watcher: Watcher
  readonly stormed: WholeStormed
  /** Of JavaScript, for each agent; with what is not collected yet. */
  readonly heapKiB: number
}

export interface Beside {
  readonly raw: Stormed
  /** Null: there is no nats-server on this machine. */
  readonly nats: Stormed | null
  readonly payloads: Payloads
  readonly questions: readonly Question[]
}

export interface Question {
  readonly what: keyof Payloads
  readonly atOnce: number
  readonly turns: ReadonlyMap<string, Turn>
}

export interface Measured {
  readonly hosts: number
  readonly stormed: WholeStormed
  readonly heapKiB: number
  /** Asked as a person asks: of the whole controller, over its socket. */
  readonly diagnosed: Turn
  readonly run: RunDone
  readonly beside: Beside | null
  readonly reconnected: Reconnected | null
}

export interface MeasureWanted {
  readonly hosts: number
  readonly answers: RecordedAnswers
  /** With what it is held against, and a controller that is killed. */
  readonly isWhole: boolean
  readonly say: Say
}

/** For whoever waits, and for what is left of a run that was broken off. */
export type Say = (line: string, figures?: object) => void

export async function measure({ hosts, answers, isWhole, say }: MeasureWanted): Promise<Measured> {
  await using place = scratch()
  const settleMs = hosts >= 5000 ? 15_000 : 4000
  const settle = (): Promise<unknown> => sleep(settleMs)
  const { controller, fleet, agents, watcher, stormed, heapKiB, copy } = await stand(place, { hosts, answers, settle })
  say(`${hosts} agents are connected`, { ...stormed, heapKiB, attempts: stormed.attempts.failed })
  const others = [controller.pid(), ...agents.pids]
  const beside = isWhole ? await askBeside(place, { controller, fleet, answers, settle, copy, others, say }) : null
  // What sat still beside the others came through it.
  await untilHere(watcher, hosts)
  const diagnosed = await diagnoseAll(controller, watcher, hosts)
  // What is compiled on the way is compiled before, where that would be most of it.
  for (let rehearsal = 0; rehearsal < (hosts <= 100 ? 5 : hosts <= 1000 ? 1 : 0); rehearsal++)
    await runInBatches({ watcher, controllerPid: controller.pid(), key: controller.key, hosts })
  const run = await runInBatches({ watcher, controllerPid: controller.pid(), key: controller.key, hosts })
  say('diagnosed over the API', diagnosed)
  say('a run is done', run)
  watcher.close()
  const back = isWhole ? await restart(controller, agents, hosts) : null
  back?.watcher.close()
  if (back)
    say('the controller was killed, and all are back', {
      ...back.reconnected,
      attempts: back.reconnected.attempts.failed,
    })
  return { hosts, stormed, heapKiB, diagnosed, run, beside, reconnected: back?.reconnected ?? null }
}

/** The same again with a profile, which costs something itself. */
export async function profile(
  hosts: number,
  answers: RecordedAnswers,
): Promise<Readonly<Record<'connect' | 'diagnose' | 'run', Inside>>> {
  await using place = scratch()
  const controller = await controllerIn(place.folder)
  const fleet = await makeFleet({ ...place, ...wanted(controller, hosts) })
  const watcher = await controller.start()
  const agents = await startAgents(fleet, { url: controller.url, answers, approvers: controller.approvers })
  place.end.push(
    () => agents.end(),
    () => controller.kill(),
  )
  const connect = await lookInto(controller, () =>
    stormController(controller, watcher, agents, fleet, () => Promise.resolve()),
  )
  const diagnose = await lookInto(controller, async () => {
    for (let round = 0; round < 5; round++) await watcher.diagnose()
  })
  const run = await lookInto(controller, () =>
    runInBatches({ watcher, controllerPid: controller.pid(), key: controller.key, hosts }),
  )
  watcher.close()
  return { connect, diagnose, run }
}

interface Place extends AsyncDisposable {
  readonly folder: string
  /** What was started, to be ended whatever happens. */
  readonly end: (() => Promise<void>)[]
}

function scratch(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-scale-'))
  const end: (() => Promise<void>)[] = []
  return {
    folder,
    end,
    async [Symbol.asyncDispose]() {
      for (const each of end.toReversed()) await each()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function wanted({ dataFolder, url }: Controller, hosts: number) {
  return { dataFolder, url, hosts, processes: agentProcesses }
}

async function stand(
  place: Place,
  { hosts, answers, settle }: Pick<MeasureWanted, 'hosts' | 'answers'> & { readonly settle: () => Promise<unknown> },
): Promise<Standing & { readonly copy: string }> {
  const { folder, end } = place
  const controller = await controllerIn(folder)
  const fleet = await makeFleet({ folder, ...wanted(controller, hosts) })
  const copy = copyOfData(folder, controller.dataFolder)
  const watcher = await controller.start()
  end.push(() => controller.kill())
  const agents = await startAgents(fleet, { url: controller.url, answers, approvers: controller.approvers })
  end.push(() => agents.end())
  const before = await lookInto(controller)
  const stormed = await stormController(controller, watcher, agents, fleet, settle)
  const after = await lookInto(controller)
  const heapKiB = (after.memory.heapUsed - before.memory.heapUsed) / 1024 / hosts
  return { controller, fleet, agents, watcher, stormed, heapKiB, copy }
}

interface BesideWanted extends Pick<Standing, 'controller' | 'fleet'> {
  readonly answers: RecordedAnswers
  readonly settle: () => Promise<unknown>
  readonly copy: string
  /** Of the whole controller and its agents, which stand still meanwhile. */
  readonly others: readonly number[]
  readonly say: Say
}

async function askBeside(place: Place, asked: BesideWanted): Promise<Beside> {
  const { controller, fleet, answers, settle, copy, others, say } = asked
  const { folder } = place
  const payloads = await payloadsOf(fleet, answers)
  const met = async (meeting: Promise<Met>): Promise<Met> => {
    const found = await meeting
    place.end.push(() => found.contestant.end())
    return found
  }
  const raw = await met(meetRawWs({ fleet, folder, payloads: { ...payloads }, settle }))
  say('raw ws is connected', raw.stormed)
  const nats = hasNats() ? await met(meetNats({ fleet, folder, payloads: { ...payloads }, settle })) : null
  const lacking = 'There is no nats-server here. To have it beside the others: apt-get install nats-server'
  say(nats ? 'NATS is connected' : lacking, nats?.stormed)
  const sessions = await meetSessions(copy, fleet, { answers, approvers: controller.approvers })
  place.end.push(() => sessions.end())
  say('the sessions of a second controller are connected')
  const contestants: readonly Contestant[] = [raw.contestant, sessions, ...(nats ? [nats.contestant] : [])]
  const { hosts } = fleet
  const questions: Question[] = []
  for (const what of ['hello', 'diagnose'] as const)
    for (const atOnce of [hosts.length, fewAtOnce]) {
      const turns = await inTurns(contestants, others, { what, hosts, atOnce, rounds: hosts.length > 5000 ? 2 : 3 })
      questions.push({ what, atOnce, turns })
      // Those who stood still hear that the others are there, before they take them for dead.
      await sleep(breathMs)
      say(`all were asked for ${what}, ${atOnce} at once`, Object.fromEntries(turns))
    }
  for (const each of contestants) await each.end()
  return { raw: raw.stormed, nats: nats?.stormed ?? null, payloads, questions }
}

/** The bytes that hosts of Fleetmend answer with, for everybody. */
async function payloadsOf({ identityFiles }: FleetMade, answers: RecordedAnswers): Promise<Payloads> {
  const [identity] = JSON.parse(readFileSync(identityFiles[0] ?? '', 'utf8')) as readonly Identity[]
  if (!identity) throw new Error('A fleet without hosts.')
  const { agent } = simulatedHost(identity, answers, readApprovers(''))
  const hello = await agent.hello()
  return {
    hello: JSON.stringify(briefly(hello, { knows: [digestOf(hello.catalogue)] })),
    diagnose: JSON.stringify(await agent.diagnose({})),
  }
}

async function diagnoseAll(controller: Controller, watcher: Watcher, hosts: number): Promise<Turn> {
  const rounds: Turn[] = []
  for (let round = -1; round < 3; round++) {
    const before = { cpuMs: cpuMsOf(controller.pid()), ms: performance.now() }
    const { said, arrivedMs } = await watcher.diagnose()
    const wallMs = performance.now() - before.ms
    const silent = said.filter(({ outcome }) => outcome !== 'diagnosed').length
    if (said.length !== hosts || silent > 0) throw new Error(`${silent} of ${said.length} hosts gave no diagnosis.`)
    const cpuMs = cpuMsOf(controller.pid()) - before.cpuMs
    if (round >= 0)
      rounds.push({ wallMs, cpuMs, p50Ms: percentile(arrivedMs, 0.5), p99Ms: percentile(arrivedMs, 0.99) })
  }
  return medianOf(rounds)
}
