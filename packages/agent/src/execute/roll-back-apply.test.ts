import { describe, expect, test } from 'vitest'
import { temporaryState } from '../state/temporary-state.ts'
import { apply } from './apply.ts'
import { takeLock } from './lock.ts'
import { rollBackApply } from './roll-back-apply.ts'
import { reopened, scene, type PlanKind } from './sample-apply.ts'
import { dropInPath, poolAfter, poolBefore, type World } from './simulated-host.ts'

const ben = { kind: 'local-root', by: ['ben'] } as const
const poolPath = '/etc/php/8.2/fpm/pool.d/www.conf'
const askedBy = { kind: ben.kind, by: [...ben.by] }

async function applied(folder: Awaited<ReturnType<typeof temporaryState>>, kind: PlanKind) {
  const at = await scene(folder.state, kind)
  expect(await at.apply()).toMatchObject({ outcome: 'fixed' })
  const rollBack = async () => rollBackApply(at.agent().executor, await reopened(folder.state, at.record.id), askedBy)
  return { ...at, rollBack }
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
