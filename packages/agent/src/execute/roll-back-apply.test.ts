import { readdir } from 'node:fs/promises'
import { problem } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { applyReport, phasedTimeline } from '../state/apply-report.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { apply } from './apply.ts'
import { beginRollback, type StartRollback } from './begin-rollback.ts'
import { takeLock } from './lock.ts'
import { recover } from './recover.ts'
import { rollBackApply, rollbackAnswer } from './roll-back-apply.ts'
import { reopened, scene, type PlanKind } from './sample-apply.ts'
import { CrashError } from './simulated-host.ts'
import { dropInPath, failPower, poolAfter, poolBefore, type World } from './simulated-world.ts'

const ben = { kind: 'local-root', by: ['ben'] } as const
const poolPath = '/etc/php/8.2/fpm/pool.d/www.conf'
const askedBy = { kind: ben.kind, by: [...ben.by] }

async function applied(folder: Awaited<ReturnType<typeof temporaryState>>, kind: PlanKind) {
  const at = await scene(folder.state, kind)
  expect(await at.apply()).toMatchObject({ outcome: 'fixed' })
  const ask = async (start: StartRollback = async () => ({ ok: true })) =>
    beginRollback(at.agent().executor, at.record.id, askedBy, start)
  const rollBack = async () => {
    const begun = await ask()
    return begun.ok ? rollBackApply(at.agent().executor, at.record.id) : begun
  }
  const entries = async () => (await reopened(folder.state, at.record.id)).journal.entries
  return { ...at, ask, rollBack, entries }
}

describe('a person who asks for it', () => {
  test('gets the files back, and the services that read them told', async () => {
    await using folder = await temporaryState()
    const { world, rollBack } = await applied(folder, 'both files, daemon-reload and reload')
    expect(await rollBack()).toMatchObject({
      ok: true,
      report: { outcome: 'rolled-back', problem: null, phase: 'closed' },
    })
    expect(world.fpm).toMatchObject({ loaded: poolBefore, lostRequests: 0 })
    expect(world.loadedDropIns).toBe('')
    expect([...world.files.keys()]).not.toContain(dropInPath)
    expect([...world.directories]).not.toContain('/etc/systemd/system/php8.2-fpm.service.d')
  })

  test('gets files back that are as old as they were: nothing looks edited since it was loaded', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    const writtenMs = at.world.files.get(poolPath)?.modifiedMs
    await at.apply()
    expect(at.world.files.get(poolPath)?.modifiedMs).not.toBe(writtenMs)
    const start: StartRollback = async () => ({ ok: true })
    await beginRollback(at.agent().executor, at.record.id, askedBy, start)
    await rollBackApply(at.agent().executor, at.record.id)
    expect(at.world.files.get(poolPath)?.modifiedMs).toBe(writtenMs)
  })

  test('is told when it is rolled back already', async () => {
    await using folder = await temporaryState()
    const { rollBack } = await applied(folder, 'edit and reload')
    await rollBack()
    expect(await rollBack()).toMatchObject({ ok: false, problem: { code: 'nothing-to-roll-back' } })
  })

  test.each(['start only', 'reload only'] as const)(
    'is told that a plan to %s has nothing to roll back',
    async (kind) => {
      await using folder = await temporaryState()
      const { rollBack } = await applied(folder, kind)
      expect(await rollBack()).toMatchObject({ ok: false, problem: { code: 'nothing-to-roll-back' } })
    },
  )

  const edits: { readonly what: string; readonly happens: (world: World) => void; readonly says: string }[] = [
    {
      what: 'edited',
      happens: (world) =>
        world.files.set(poolPath, { ...world.files.get(poolPath)!, bytes: Buffer.from(`${poolAfter}; mine\n`) }),
      says: 'was edited since',
    },
    { what: 'removed', happens: (world) => world.files.delete(poolPath), says: 'was removed since' },
  ]
  test.each(edits)('is refused when a file was $what since, and it is named', async ({ happens, says }) => {
    await using folder = await temporaryState()
    const { world, rollBack } = await applied(folder, 'edit and reload')
    happens(world)
    const before = JSON.stringify([...world.files])
    expect(await rollBack()).toMatchObject({
      ok: false,
      problem: { code: 'plan-is-stale', detail: expect.stringContaining(`${poolPath} ${says}`) },
    })
    expect(JSON.stringify([...world.files])).toBe(before)
  })

  test('finds the refusal in the record, and the apply as it was', async () => {
    await using folder = await temporaryState()
    const { world, record, rollBack } = await applied(folder, 'edit and reload')
    world.files.delete(poolPath)
    await rollBack()
    const after = await reopened(folder.state, record.id)
    expect(rollbackAnswer(after)).toMatchObject({ ok: false, problem: { code: 'plan-is-stale' } })
    expect(applyReport(after.journal.entries)).toMatchObject({ phase: 'closed', outcome: 'fixed' })
  })

  test('is told where no unit can be started for it, and may ask again', async () => {
    await using folder = await temporaryState()
    const { ask, rollBack } = await applied(folder, 'edit and reload')
    const impossible = { ok: false, problem: problem('apply-not-possible', 'no systemd') } as const
    expect(await ask(async () => impossible)).toEqual(impossible)
    expect(await rollBack()).toMatchObject({ ok: true, report: { outcome: 'rolled-back' } })
  })

  test('may follow from where the apply had ended', async () => {
    await using folder = await temporaryState()
    const { ask, entries } = await applied(folder, 'edit and reload')
    const { length } = phasedTimeline(await entries())
    expect(await ask()).toMatchObject({ ok: true, value: { seen: length } })
    expect(phasedTimeline(await entries())[length]?.entry.says).toBe('A rollback was asked for by ben.')
  })

  test('asks twice, and it is done once', async () => {
    await using folder = await temporaryState()
    const { world, ask, rollBack, entries } = await applied(folder, 'edit and reload')
    await ask()
    expect(await rollBack()).toMatchObject({ ok: true, report: { outcome: 'rolled-back' } })
    expect((await entries()).filter((each) => each.entry === 'rolling-back')).toHaveLength(1)
    expect(world.fpm.loaded).toBe(poolBefore)
  })

  test('is refused while another apply is at work', async () => {
    await using folder = await temporaryState()
    const { agent, rollBack } = await applied(folder, 'edit and reload')
    const { executor } = agent()
    await takeLock(folder.state, executor.host, executor.self, 'a-other')
    expect(await rollBack()).toMatchObject({
      ok: false,
      problem: { code: 'apply-in-progress', detail: expect.stringContaining('a-other') },
    })
  })
})

/** The caller dies after asking, the unit at any boundary, with or without the power; recovery goes on with it. */
describe.each([
  { what: 'its unit is killed', happens: () => undefined },
  { what: 'the power fails', happens: failPower },
])('a rollback during which $what', ({ happens }) => {
  test('ends with everything back, wherever that was', { timeout: 60_000 }, async () => {
    const kind = 'both files, daemon-reload and reload'
    for (let crashAt = 1, crashed = true; crashed; crashAt++) {
      await using folder = await temporaryState()
      const { agent, world, record, ask, ...at } = await applied(folder, kind)
      await ask()
      const unit = agent({ crashAt })
      crashed = await rollBackApply(unit.executor, record.id).then(
        () => false,
        (error: unknown) => error instanceof CrashError || Promise.reject(error as Error),
      )
      unit.die()
      happens(world)
      await at.recover()
      expect(applyReport((await reopened(folder.state, record.id)).journal.entries)).toMatchObject({
        phase: 'closed',
        outcome: 'rolled-back',
      })
      expect(world.fpm).toMatchObject({ loaded: poolBefore, lostRequests: 0, master: { state: 'S' } })
      expect(world.loadedDropIns).toBe('')
      expect([...world.files.keys()]).not.toContain(dropInPath)
      expect(await readdir(folder.state.root)).not.toContain('lock')
    }
  })
})

test('a rollback that was asked for and never begun is carried out at the next start', async () => {
  await using folder = await temporaryState()
  const { world, agent, ask } = await applied(folder, 'edit and reload')
  await ask()
  failPower(world)
  expect(await recover(agent().executor)).toMatchObject([{ is: 'finished', report: { outcome: 'rolled-back' } }])
  expect(world.fpm.loaded).toBe(poolBefore)
})

test('a file that somebody edited during the apply is left to them, with exact steps for the rest', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'both files, daemon-reload and reload')
  const { executor, host } = at.agent({}, 'never-clear')
  const mine = Buffer.from(`${poolAfter}; mine\n`)
  // An editor saves while the reload is going on.
  const meddled = {
    ...executor,
    host: {
      ...host,
      guardFrozen: async (...args: Parameters<typeof host.guardFrozen>) => (
        at.world.files.set(poolPath, { ...at.world.files.get(poolPath)!, bytes: mine }),
        host.guardFrozen(...args)
      ),
    },
  }
  const report = await apply(meddled, at.record)
  expect(report).toMatchObject({ outcome: 'stuck', problem: { code: 'stuck' } })
  expect(report.problem?.detail).toContain(`${poolPath}: it is neither as it was nor as it was written`)
  expect(report.problem?.detail).toContain(
    `install -m 0640 -o root -g www-data ${folder.state.sealedApplies}/${at.record.id}/0 ${poolPath}`,
  )
  expect(Buffer.from(at.world.files.get(poolPath)!.bytes)).toEqual(mine)
  expect([...at.world.files.keys()]).not.toContain(dropInPath)
})
