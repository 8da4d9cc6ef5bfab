import { readFile, rm, writeFile } from 'node:fs/promises'
import { isFileChange } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { createApplyRecord, journalFile, listApplies, saveBeforeImages } from '../state/apply-record.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { apply } from './apply.ts'
import { takeLock } from './lock.ts'
import { recover } from './recover.ts'
import { reopened, scene } from './sample-apply.ts'
import { CrashError } from './simulated-host.ts'
import { poolAfter, type SimulatedFile } from './simulated-world.ts'

function uptimeFile(text: string): SimulatedFile {
  return { bytes: Buffer.from(text), mode: 0o444, uid: 0, gid: 0, modifiedMs: 0 }
}

function onlyCrash(error: unknown): void {
  if (!(error instanceof CrashError)) throw error
}

describe('at start', () => {
  test('an apply that another process is at work on is left alone', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    const agent = at.agent({ crashAt: 12 })
    await apply(agent.executor, at.record).catch(onlyCrash)
    const { host, self, ...eyes } = at.agent().executor
    expect(await recover({ ...eyes, host, self })).toEqual([{ apply: at.record.id, is: 'running' }])
  })

  test('an apply that was admitted a moment ago is left to its unit when that begins', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    const { executor } = at.agent()
    const unit = at.agent().executor
    const begins = async () => void (await takeLock(folder.state, unit.host, unit.self, at.record.id))
    const host = { ...executor.host, sleep: begins }
    expect(await recover({ ...executor, host })).toEqual([{ apply: at.record.id, is: 'running' }])
  })

  test.each([
    { what: 'a moment ago', clockMs: 0 },
    { what: 'in the future, as the clock went back', clockMs: -3_600_000 },
  ])('an apply that was admitted $what has 30 seconds to begin, and is then closed as refused', async ({ clockMs }) => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    at.world.fpm.nowMs += clockMs
    const beganAtMs = at.world.fpm.nowMs
    expect(await recover(at.agent().executor)).toMatchObject([{ is: 'finished', report: { outcome: 'refused' } }])
    expect(at.world.fpm.nowMs - beganAtMs).toBe(30_000)
  })

  test('an apply that was admitted before the host was booted has no unit any more, and is closed as refused at once', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    const { executor } = at.agent()
    const first = { ...at.world.agents.values().next().value!, pid: 1, parentPid: 0, startTicks: 90_000, title: 'init' }
    at.world.agents.set(1, first)
    at.world.fpm.nowMs += 10_000
    // The machine runs for 903 seconds; its first process, as a container's is, was there after 900.
    at.world.files.set('/proc/uptime', uptimeFile('903.00 1800.00\n'))
    const beganAtMs = at.world.fpm.nowMs
    expect(await recover(executor)).toMatchObject([{ is: 'finished', report: { outcome: 'refused' } }])
    expect(at.world.fpm.nowMs).toBe(beganAtMs)
  })

  test('an apply whose unit has ended before it began is closed as refused at once', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    expect(await at.recover()).toMatchObject([{ is: 'finished', report: { outcome: 'refused' } }])
  })

  test('lines that another recovery has written meanwhile are kept', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    const agent = at.agent({ crashAt: 14 })
    await apply(agent.executor, at.record).catch(onlyCrash)
    agent.die()
    const [first, second] = await Promise.all([at.recover(), at.recover()])
    expect([first, second].flat().map((each) => each.is)).toContain('finished')
    expect(await listApplies(folder.state)).toMatchObject([{ phase: 'closed', outcome: 'rolled-back' }])
  })

  test('a file that a person edited before it was written is no matter of the apply that was cut off', async () => {
    const kept: boolean[] = []
    for (let crashAt = 1; crashAt < 30; crashAt++) {
      await using folder = await temporaryState()
      const at = await scene(folder.state, 'edit and reload')
      const agent = at.agent({ crashAt })
      await apply(agent.executor, at.record).catch(onlyCrash)
      agent.die()
      const { entries } = (await reopened(folder.state, at.record.id)).journal
      if (entries.at(-1)?.entry !== 'intent') continue
      const [path = ''] = at.record.plan.plan.changes.filter(isFileChange).map((change) => change.path)
      const edited = { ...at.world.files.get(path), bytes: Buffer.from('a hand was here') } as SimulatedFile
      at.world.files.set(path, edited)
      expect(await at.recover()).toMatchObject([{ is: 'finished', report: { outcome: 'rolled-back' } }])
      kept.push(at.world.files.get(path) === edited)
    }
    expect(new Set(kept)).toEqual(new Set([true]))
  })

  test('an apply that was admitted long ago and never begun is closed as refused', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    at.world.fpm.nowMs += 60_000
    expect(await at.recover()).toMatchObject([{ is: 'finished', report: { outcome: 'refused' } }])
    expect(await at.recover()).toEqual([])
  })

  test('a finished apply is not touched', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    await at.apply()
    const { executor, host } = at.agent()
    expect(await recover(executor)).toEqual([])
    expect(host.deeds).toEqual([])
  })

  test('a host that is half changed is finished before anything else is begun', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    const agent = at.agent({ crashAt: 14 })
    await apply(agent.executor, at.record).catch(onlyCrash)
    agent.die()
    const other = await createApplyRecord(
      folder.state,
      at.record.plan,
      { kind: 'local-root', by: ['ben'] },
      at.world.fpm.nowMs,
    )
    if (!other.ok) throw new Error(other.says)
    expect(await apply(at.agent().executor, other.value)).toMatchObject({
      outcome: 'refused',
      problem: { code: 'apply-in-progress', detail: expect.stringContaining(at.record.id) },
    })
    expect((await at.recover()).map((each) => each.is)).toEqual(['finished'])
  })
})

describe('when the record itself is lost', () => {
  test('a journal that disappears in the middle ends in exact steps, and the master is not left frozen', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    const { executor, host } = at.agent()
    const removing = {
      ...host,
      guardFrozen: async (...args: Parameters<typeof host.guardFrozen>) => (
        await rm(folder.state.applies, { recursive: true }),
        host.guardFrozen(...args)
      ),
    }
    const report = await apply({ ...executor, host: removing }, at.record)
    expect(report).toMatchObject({ outcome: 'stuck', problem: { code: 'stuck' } })
    expect(report.problem?.detail).toContain('www.conf is as planned. To undo by hand, reverse this')
    expect(report.problem?.detail).toContain('systemctl status php8.2-fpm')
    expect(at.world.fpm).toMatchObject({ master: { state: 'S' }, lostRequests: 0 })
  })

  test('bytes from before that are lost are said to be lost, and nothing is guessed', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    const agent = at.agent({ crashAt: 14 })
    await apply(agent.executor, at.record).catch(onlyCrash)
    agent.die()
    await rm(`${folder.state.sealedApplies}/${at.record.id}/0`)
    const [recovered] = await at.recover()
    expect(recovered).toMatchObject({
      is: 'finished',
      report: { outcome: 'stuck', problem: { detail: expect.stringContaining('its bytes from before are lost') } },
    })
    expect(at.world.fpm.readPool()).toBe(poolAfter)
  })

  test('a damaged journal is told as stuck, with where the bytes are', async () => {
    await using folder = await temporaryState()
    const at = await scene(folder.state, 'edit and reload')
    await saveBeforeImages(folder.state, at.record.id, [])
    const path = journalFile(folder.state, at.record.id)
    const text = await readFile(path, 'utf8')
    await writeFile(path, `not json\n${text}`)
    expect(await at.recover()).toMatchObject([
      { is: 'stuck', says: expect.stringContaining(`${folder.state.sealedApplies}/${at.record.id}`) },
    ])
  })
})

test('history tells applies newest first', async () => {
  await using folder = await temporaryState()
  const first = await scene(folder.state, 'edit and reload')
  await first.apply()
  const second = await createApplyRecord(
    folder.state,
    first.record.plan,
    { kind: 'local-root', by: ['ben'] },
    first.world.fpm.nowMs + 5000,
  )
  expect(second.ok && (await listApplies(folder.state)).map((each) => each.apply)).toEqual([
    second.ok && second.value.id,
    first.record.id,
  ])
})
