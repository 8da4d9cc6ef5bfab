import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HostEntry, problem, type ApplyReport } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { hostOf } from '../execute/simulated-host.ts'
import { simulatedWorld } from '../execute/simulated-world.ts'
import { createApplyRecord, readReport } from '../state/apply-record.ts'
import { sampleMadeAtMs, samplePlan } from '../state/sample-plan.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { recordedStart, recordEnd, recordRefusal, recordRules } from './on-record.ts'
import { readRecords } from './read-chain.ts'

const olivia = 'olivia ssh-ed25519 AAAA\n'
const mallory = 'mallory ssh-ed25519 AAAA\n'
const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

const paths = { approvers: '/etc/fleetmend/approvers', policy: '/etc/fleetmend/policy.yaml' }

/** An apply that was admitted and that nobody has begun. */
async function admitted() {
  const folder = await temporaryState()
  const { state } = folder
  const host = hostOf(simulatedWorld(sampleMadeAtMs + 1000))
  const { record } = samplePlan(state.key, {})
  const created = await createApplyRecord(state, record, { kind: 'local-root', by: ['ana'] }, host.nowMs())
  if (!created.ok) throw new Error(created.says)
  const report = await readReport(state, created.value.id)
  if (report === null) throw new Error('There is no report.')
  return { folder, state, host, report }
}

async function entries(state: StateFolder): Promise<readonly HostEntry[]> {
  return (await readRecords(state, 1, 1000)).map(({ entry }) => HostEntry.parse(entry))
}

describe('an apply', () => {
  test('is on disk as admitted before anything is begun', async () => {
    const { folder, state, host, report } = await admitted()
    await using _ = folder
    let seen: readonly HostEntry[] = []
    const start = recordedStart(
      async () => {
        seen = await entries(state)
        return { ok: true }
      },
      { host, state },
      null,
    )
    expect(await start(report.apply)).toEqual({ ok: true })
    expect(seen.at(-1)).toEqual({
      type: 'apply-admitted',
      apply: report.apply,
      plan: report.plan,
      authority: { kind: 'local-root', by: ['ana'] },
      run: null,
      signed: null,
    })
  })

  test('is not begun where that cannot be written', async () => {
    const { folder, state, host, report } = await admitted()
    await using _ = folder
    writeFileSync(state.audit, 'a file where the folder belongs')
    let begun = 0
    const start = recordedStart(
      () => {
        begun++
        return Promise.resolve({ ok: true })
      },
      { host, state },
      null,
    )
    expect(await start(report.apply)).toMatchObject({ ok: false, problem: { code: 'audit-not-written' } })
    expect(begun).toBe(0)
  })

  test('ends on record once, however often its end is told, and again when it is rolled back', async () => {
    const { folder, state, host, report } = await admitted()
    await using _ = folder
    const ended = (outcome: ApplyReport['outcome']): ApplyReport => ({ ...report, outcome })
    await recordEnd({ host, state }, ended(null))
    await recordEnd({ host, state }, ended('fixed'))
    await recordEnd({ host, state }, ended('fixed'))
    await recordEnd({ host, state }, ended('rolled-back'))
    const told = (await entries(state)).flatMap((entry) => (entry.type === 'apply-ended' ? entry.outcome : []))
    expect(told).toEqual(['fixed', 'rolled-back'])
  })

  test('that was refused is on record with the code, and without the words of whoever asked', async () => {
    const { folder, state, host, report } = await admitted()
    await using _ = folder
    const secret = 'password=hunter2'
    await recordRefusal({ host, state }, report.plan, null, 'ana', problem('not-approved', secret))
    expect((await entries(state)).at(-1)).toEqual({
      type: 'apply-refused',
      plan: report.plan,
      code: 'not-approved',
      askedBy: 'ana',
      run: null,
    })
    expect(readFileSync(join(state.audit, '000000000001.jsonl'), 'utf8')).not.toContain(secret)
  })
})

test('who may approve and what is allowed is on record as digests, and only when it is another than before', async () => {
  const { folder, state, host } = await admitted()
  await using _ = folder
  const world = simulatedWorld(sampleMadeAtMs)
  const reading = hostOf(world)
  const write = (text: string): void => {
    world.directories.add('/etc/fleetmend')
    world.files.set(paths.approvers, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  }
  const look = () => recordRules({ host, state }, reading, paths)
  await look()
  await look()
  write(olivia)
  await look()
  await look()
  write(mallory)
  await look()
  const seen = (await entries(state)).flatMap((entry) => (entry.type === 'rules-seen' ? [entry] : []))
  expect(seen.map(({ approvers }) => approvers)).toEqual([null, digest(olivia), digest(mallory)])
  expect(JSON.stringify(seen)).not.toContain('olivia')
})
