/** A host of the fleet whose agent takes what it is asked and never answers, with its line alive: whoever asked hears so in time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProblemCode, Run } from '@fleetmend/shared'
import { expect } from 'vitest'
import { movedClock, type MovedClock } from '../../packages/controller/test/moved-clock.ts'
import { manualTimers, type ManualTimers } from '../../packages/shared/test/manual-timers.ts'
import { approve, endOf, planRun, untilRun } from '../scenarios/begin-run.ts'
import { fleetmend } from '../scenarios/terminal.ts'
import { openWorld, type Amiss, type World } from '../scenarios/world.ts'
import { until } from '../lab/until.ts'
import { attack } from './attack-table.ts'
import { enrolledAs } from './newcomer.ts'
import { tricklingAgent } from './trickling-agent.ts'

const attacker = 'a malicious agent'
const minuteMs = 60_000

interface Besieged extends AsyncDisposable {
  readonly world: World
  readonly clock: MovedClock
  readonly timers: ManualTimers
  /** On the lines of agents, who have the time to answer pings meanwhile. */
  pass(ms: number, meanwhile?: () => void): Promise<void>
}

/** A controller whose time the test moves, and in its fleet one honest host with a fault. */
async function besieged(): Promise<Besieged> {
  const clock = movedClock()
  const timers = manualTimers()
  const world = await openWorld({ time: { clock, timers } })
  const honest = await world.add('honest')
  honest.killFpm()
  return {
    world,
    clock,
    timers,
    async pass(ms, meanwhile = () => undefined) {
      for (let passedMs = 0; passedMs < ms; passedMs += 5000) {
        meanwhile()
        await timers.pass(5000)
        await sleep(10)
      }
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

const never = (): Promise<never> => new Promise(() => undefined)

/** Beside the one that hangs, others are asked and answer at once; and nothing broke. */
async function expectServed({ world }: Besieged): Promise<void> {
  const answers: string[] = []
  for await (const { host, outcome } of world.api().diagnose.subscribe({ target: { hosts: ['honest'] } }))
    answers.push(`${host} ${outcome}`)
  expect(answers).toEqual(['honest diagnosed'])
  expect((await world.api().hosts.list.query({})).map(({ id, connected }) => `${id} ${connected}`)).toEqual([
    'hangs true',
    'honest true',
  ])
  expect(world.log.filter((line) => line.includes('bug'))).toEqual([])
}

/** In the history of the run, which is part of the controller's record, and on the screen of whoever looks. */
async function expectTold({ world }: Besieged, { id }: Run, type: string): Promise<void> {
  const record = await world.api().audit.list.query({ run: id, limit: 100 })
  expect(record.filter((each) => each.host === 'hangs').map((each) => each.type)).toContain(type)
  const shown = await fleetmend(world, ['runs', 'show', id])
  expect(shown.out).toContain('hangs')
}

function hangingHost({ hosts }: Run): Run['hosts'][number] | undefined {
  return hosts.find(({ id }) => id === 'hangs')
}

attack(
  { attacker, attempt: 'takes the question what is wrong, and never answers', refusedWith: 'timed-out' },
  async () => {
    await using at = await besieged()
    const { world } = at
    await world.add('hangs', {}, () => ({ diagnose: never }))
    const outcomes = new Map<string, string>()
    const asking = (async () => {
      for await (const { host, outcome } of world.api().diagnose.subscribe({ target: {} })) outcomes.set(host, outcome)
    })()
    await expectServed(at)
    expect([...outcomes]).toEqual([['honest', 'diagnosed']])
    await at.pass(minuteMs)
    await asking
    return outcomes.get('hangs') === 'timed-out' ? 'timed-out' : null
  },
)

/** A run over both that waits for the plan of the one that hangs. */
async function planWithHanging(at: Besieged, meanwhile?: () => void): Promise<ProblemCode | null> {
  const api = at.world.api()
  const planning = planRun(api)
  await until(async () => {
    const [run] = await api.runs.list.query({ limit: 1 })
    return run?.hosts.some(({ state }) => state === 'planned') ?? false
  }, 'the honest host to have planned')
  await expectServed(at)
  await at.pass(1.5 * minuteMs, meanwhile)
  const run = await planning
  expect(run).toMatchObject({ state: 'awaiting-approval', manifest: { hosts: 1 } })
  expect(hangingHost(run)?.state).toBe('timed-out')
  await expectTold(at, run, 'host-not-reached')
  await expectServed(at)
  return hangingHost(run)?.code ?? null
}

attack(
  { attacker, attempt: 'takes the question for a plan, and never answers', refusedWith: 'timed-out' },
  async () => {
    await using at = await besieged()
    await at.world.add('hangs', {}, () => ({ plan: never }))
    return await planWithHanging(at)
  },
)

attack({ attacker, attempt: 'answers one byte at a time', refusedWith: 'timed-out' }, async () => {
  await using at = await besieged()
  const agent = await tricklingAgent(at.world, await enrolledAs(at.world, 'hangs'))
  const code = await planWithHanging(at, () => agent.trickle())
  // Its line lives: only what it was asked has come to its end.
  expect(agent.isOpen()).toBe(true)
  agent.close()
  return code
})

/** A run that was begun on both, of which the honest one is done. */
async function begunWithHanging(at: Besieged, amiss: Amiss): Promise<Run> {
  const { world } = at
  const hangs = await world.add('hangs', {}, amiss)
  hangs.killFpm()
  const api = world.api()
  const run = await planRun(api, { waves: { canaryHosts: 0, batchHosts: 2 } })
  await approve(api, run, world.keys.olivia)
  await api.runs.begin.mutate({ run: run.id, by: 'ana' })
  const begun = await untilRun(api, run.id, ({ hosts }) => hosts.some(({ state }) => state === 'fixed'))
  expect(['applying', 'lost']).toContain(hangingHost(begun)?.state)
  return begun
}

async function endOfHanging(at: Besieged, { id }: Run): Promise<ProblemCode | null> {
  const run = await endOf(at.world.api(), id)
  expect(run.state).toBe('halted')
  expect(hangingHost(run)?.state).toBe('unknown')
  await expectTold(at, run, 'host-silent')
  await expectServed(at)
  return hangingHost(run)?.code ?? null
}

attack({ attacker, attempt: 'takes an apply, and never says that it began', refusedWith: 'timed-out' }, async () => {
  await using at = await besieged()
  const run = await begunWithHanging(at, () => ({ apply: never, report: never }))
  await at.pass(minuteMs)
  await untilRun(at.world.api(), run.id, (each) => hangingHost(each)?.state === 'lost')
  at.clock.pass(15 * minuteMs)
  await at.pass(minuteMs / 2)
  return await endOfHanging(at, run)
})

const apply = 'a-20261121-031502-9f3c'

function atWork() {
  const entry = { at: new Date().toISOString(), says: 'Acts.' }
  return { number: 1, news: { news: 'entry', phase: 'acted', entry } } as const
}

attack({ attacker, attempt: 'begins an apply, and never reports', refusedWith: 'apply-overdue' }, async () => {
  await using at = await besieged()
  const run = await begunWithHanging(at, () => ({
    apply: async () => ({ ok: true, apply }),
    async *watch() {
      yield atWork()
      return never()
    },
    // Nor when it is asked again, long after.
    report: never,
  }))
  at.clock.pass(59 * minuteMs)
  await expectServed(at)
  expect((await at.world.api().runs.show.query({ run: run.id })).run.state).toBe('applying')
  at.clock.pass(2 * minuteMs)
  return await endOfHanging(at, run)
})

attack({ attacker, attempt: 'says for ever that it is at work', refusedWith: 'apply-overdue' }, async () => {
  await using at = await besieged()
  const run = await begunWithHanging(at, () => ({
    apply: async () => ({ ok: true, apply }),
    // It stops telling at once; asked, it is always in the middle of it.
    async *watch() {
      yield atWork()
      return null
    },
    report: async (plan) => ({
      ...{ apply, host: 'hangs', plan, remediations: ['start-service'], phase: 'watching', outcome: null },
      ...{ authority: { kind: 'approval', by: ['olivia'] }, startedAt: new Date().toISOString(), endedAt: null },
      ...{ timeline: [], verdict: null, problem: null },
    }),
  }))
  await untilRun(at.world.api(), run.id, (each) => hangingHost(each)?.state === 'lost')
  at.clock.pass(61 * minuteMs)
  return await endOfHanging(at, run)
})
