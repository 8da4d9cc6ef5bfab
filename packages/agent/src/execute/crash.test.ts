/** The law of DESIGN D6, walked boundary by boundary: wherever an apply is cut off, the host ends up wholly before or wholly after. */
import { readdir } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ApplyOutcome } from '@fleetmend/shared'
import { readRecords } from '../audit/read-chain.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { apply } from './apply.ts'
import { recover } from './recover.ts'
import type { SamplePlan } from '../state/sample-plan.ts'
import { planKinds, reopened, scene, type Eyes, type PlanKind, type Scene } from './sample-apply.ts'
import { fpmProcesses } from './simulated-fpm.ts'
import { CrashError, type Mishap } from './simulated-host.ts'
import { failPower, poolBefore, type World } from './simulated-world.ts'

const kinds = Object.keys(planKinds) as PlanKind[]

/** Everything that a plan could touch: bytes and attributes of files, directories, and what the services have loaded. */
function snapshot({ files, directories, directoryModes, unitFileState, loadedDropIns, fpm }: World) {
  const contents = [...files].map(
    ([path, { bytes, mode, uid, gid }]) => `${path} ${mode} ${uid} ${gid} ${Buffer.from(bytes).toString()}`,
  )
  return {
    files: contents.toSorted(),
    directories: [...directories].toSorted(),
    modes: [...directoryModes].map(([path, mode]) => `${path} ${mode.toString(8)}`),
    unitFileState,
    loadedDropIns,
    loaded: fpm.loaded,
    isUp: fpm.isUp,
  }
}

function loadsOf({ fpm }: World): number {
  return fpm.log.split('ready to handle connections').length
}

async function begin(kind: PlanKind, folder: Awaited<ReturnType<typeof temporaryState>>): Promise<Scene> {
  const at = await scene(folder.state, kind)
  // One worker has a request that takes a while.
  const [busy] = at.world.fpm.workers
  if (busy) busy.busyUntilMs = at.world.fpm.nowMs + 150
  return at
}

/** Runs one process of the agent; a crash ends it, with or without the process that guards a frozen master. */
async function live(
  at: Scene,
  work: 'apply' | 'recover',
  mishap: Mishap,
  eyes: Eyes,
  guardDies: boolean,
): Promise<void> {
  const agent = at.agent(mishap, eyes)
  try {
    if (work === 'apply') await apply(agent.executor, await reopened(at.state, at.record.id))
    else await recover(agent.executor, at.record.id)
    agent.die()
  } catch (error) {
    if (!(error instanceof CrashError)) throw error
    agent.die(guardDies)
  }
}

async function boundariesOf(kind: PlanKind, eyes: Eyes): Promise<number> {
  await using folder = await temporaryState()
  const at = await begin(kind, folder)
  const { executor, host } = at.agent({}, eyes)
  await apply(executor, at.record)
  return host.boundaries()
}

async function expectLawful(
  at: Scene,
  before: ReturnType<typeof snapshot>,
  eyes: Eyes,
): Promise<ApplyOutcome | null | undefined> {
  const { fpm } = at.world
  const { journal } = await reopened(at.state, at.record.id)
  const closed = journal.entries.at(-1)
  const outcome = closed?.entry === 'closed' ? closed.outcome : undefined
  expect(['fixed', 'rolled-back', 'not-fixed', 'refused']).toContain(outcome)
  const isWhollyBefore = outcome === 'rolled-back' || outcome === 'refused'
  // What was down is left as it is found (DESIGN D9): a rollback stops nothing.
  const now = before.isUp ? snapshot(at.world) : { ...snapshot(at.world), isUp: before.isUp, loaded: before.loaded }
  expect(isWhollyBefore ? now : before).toEqual(before)
  expect(outcome !== 'fixed' || helped(at, eyes)).toBe(true)
  // Only a restart loses requests, and only the one that is in flight.
  const mayLose = (planKinds[at.kind] as SamplePlan).acts?.some(({ act }) => act === 'restart') ? 1 : 0
  expect(fpm.lostRequests).toBeLessThanOrEqual(mayLose)
  expect({ states: [...new Set(fpmProcesses(fpm).map(({ state }) => state))], toldOf: fpm.loaded }).toEqual({
    states: fpm.isUp ? ['S'] : [],
    toldOf: fpm.isUp ? fpm.readPool() : null,
  })
  expect(await readdir(at.state.root)).not.toContain('lock')
  const ends = (await readRecords(at.state, 1, 1000)).filter(({ entry }) => entry.type === 'apply-ended')
  expect(ends.map(({ entry }) => entry['outcome'])).toEqual([outcome])
  return outcome
}

/** *Fixed* is said only of what happened: the files are as planned, and eyes that saw a fault see it no more. */
function helped({ kind, world }: Scene, eyes: Eyes): boolean {
  const plan: SamplePlan = planKinds[kind]
  const written = (plan.files ?? []).every(
    ({ path, after }) => Buffer.from(world.files.get(path)?.bytes ?? []).toString() === after,
  )
  const loadedAgain = (plan.acts ?? []).every((act) => act.act !== 'reload-fpm' || loadsOf(world) > 2)
  const seen =
    eyes === 'honest' || (plan.clears ?? []).length === 0 || (eyes === 'sites-fail-after' && plan.files === undefined)
  return written && loadedAgain && seen
}

describe.each(kinds)('a plan to %s', (kind) => {
  test.each([
    { eyes: 'honest', guardDies: false, what: 'that would fix the host' },
    { eyes: 'honest', guardDies: true, what: 'whose guard dies with it' },
    { eyes: 'never-clear', guardDies: false, what: 'that would be rolled back' },
  ] as const)('$what may be cut off anywhere', { timeout: 120_000 }, async ({ eyes, guardDies }) => {
    const last = await boundariesOf(kind, eyes)
    const outcomes = new Map<string, number>()
    for (let crashAt = 1; crashAt <= last; crashAt++) {
      await using folder = await temporaryState()
      const at = await begin(kind, folder)
      const before = snapshot(at.world)
      await live(at, 'apply', { crashAt }, eyes, guardDies)
      at.world.fpm.nowMs += 60_000
      await live(at, 'recover', {}, eyes, false)
      const outcome = await expectLawful(at, before, eyes)
      outcomes.set(String(outcome), (outcomes.get(String(outcome)) ?? 0) + 1)
    }
    expect(outcomes.size).toBeGreaterThan(1)
  })

  test('may be cut off anywhere by a power failure', { timeout: 120_000 }, async () => {
    const last = await boundariesOf(kind, 'honest')
    for (let crashAt = 1; crashAt <= last; crashAt++) {
      await using folder = await temporaryState()
      const at = await begin(kind, folder)
      const { files, directories, modes, unitFileState } = snapshot(at.world)
      await live(at, 'apply', { crashAt }, 'honest', true)
      failPower(at.world)
      await live(at, 'recover', {}, 'honest', false)
      const { isUp } = at.world.fpm
      await expectLawful(
        at,
        { ...snapshot(at.world), files, directories, modes, unitFileState, loadedDropIns: '', loaded: poolBefore },
        'honest',
      )
      expect(isUp || unitFileState === 'disabled').toBe(true)
    }
  })

  test('may be cut off again and again while it is being finished', { timeout: 120_000 }, async () => {
    const last = await boundariesOf(kind, 'honest')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ crashAt: fc.integer({ min: 1, max: last }), guardDies: fc.boolean() }), {
          minLength: 2,
          maxLength: 4,
        }),
        fc.constantFrom<Eyes>('honest', 'never-clear', 'sites-fail-after'),
        async (crashes, eyes) => {
          await using folder = await temporaryState()
          const at = await begin(kind, folder)
          const before = snapshot(at.world)
          for (const [index, { crashAt, guardDies }] of crashes.entries()) {
            await live(at, index === 0 ? 'apply' : 'recover', { crashAt }, eyes, guardDies)
            at.world.fpm.nowMs += 60_000
          }
          await live(at, 'recover', {}, eyes, false)
          await expectLawful(at, before, eyes)
        },
      ),
      { numRuns: 15 },
    )
  })

  test('any one deed may fail', { timeout: 120_000 }, async () => {
    for (let failDeed = 1; failDeed <= 12; failDeed++) {
      await using folder = await temporaryState()
      const at = await begin(kind, folder)
      const before = snapshot(at.world)
      await live(at, 'apply', { failDeed }, 'honest', false)
      await expectLawful(at, before, 'honest')
    }
  })
})
