import { rm } from 'node:fs/promises'
import type { SiteProbe } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { apply } from './execute/apply.ts'
import { planKinds, reopened, scene, type Eyes, type PlanKind, type Scene } from './execute/sample-apply.ts'
import { dropInPath, poolAfter, poolBefore } from './execute/simulated-world.ts'
import { makePlan, type Planning } from './plans/make-plan.ts'
import { undoApply } from './remediations/undo-apply.ts'
import { beforeImageFile, createApplyRecord, listApplyIds } from './state/apply-record.ts'
import { hmacOf } from './state/host-key.ts'
import { savePlan } from './state/plan-store.ts'
import { samplePlan } from './state/sample-plan.ts'
import { temporaryState } from './state/temporary-state.ts'
import { sampleFacts, sampleFpm, sampleUnit } from './survey/sample-facts.ts'
import { readUndo, type Undone } from './undo-source.ts'

const poolPath = '/etc/php/8.2/fpm/pool.d/www.conf'
const run = 'r-20261121-031000-41bd'
const containing = (text: string) => expect.stringContaining(text) as string

async function applied(folder: Awaited<ReturnType<typeof temporaryState>>, kind: PlanKind) {
  const at = await scene(folder.state, kind)
  expect(await at.apply()).toMatchObject({ outcome: 'fixed' })
  return at
}

function factsOf({ world }: Scene) {
  const { pid, startTicks } = world.fpm.master
  const fpm = sampleFpm()
  return sampleFacts({
    host: 'web-7',
    fpm: [{ ...fpm, unit: sampleUnit({ mainPid: pid }), master: fpm.master && { ...fpm.master, pid, startTicks } }],
  })
}

async function plan(at: Scene, asked: Undone): Promise<Planning> {
  const { host } = at.agent()
  const facts = factsOf(at)
  const undo = await readUndo(host, at.state, facts, asked)
  const input = asked.apply === undefined ? { run: asked.run ?? '' } : { apply: asked.apply }
  return makePlan(host, { ...facts, undo }, [{ remediation: undoApply, input }], {
    nonce: '0'.repeat(32),
    timeToLiveMs: 3_600_000,
    watchMs: 0,
    leaveOutRefused: false,
    hmac: (bytes) => hmacOf(at.state.key, bytes),
  })
}

/** Planned, stored and carried out, as with any remediation. */
async function undo(at: Scene, asked: Undone, eyes: Eyes = 'honest') {
  const planning = await plan(at, asked)
  if (planning.kind !== 'planned') throw new Error(planning.because)
  expect(await savePlan(at.state, planning.record, planning.sealed)).toEqual({ ok: true })
  const authority = { kind: 'approval', by: ['ben'], run } as const
  const created = await createApplyRecord(at.state, planning.record, { ...authority, by: ['ben'] }, at.world.fpm.nowMs)
  if (!created.ok) throw new Error(created.says)
  return { ...planning, report: await apply(at.agent({}, eyes).executor, await reopened(at.state, created.value.id)) }
}

test('every file is as it was before the apply, and who reads them is told', async () => {
  await using folder = await temporaryState()
  const at = await applied(folder, 'both files, daemon-reload and reload')
  const { record, report } = await undo(at, { apply: at.record.id })
  expect(report).toMatchObject({ outcome: 'fixed', problem: null })
  expect(Buffer.from(at.world.files.get(poolPath)!.bytes).toString()).toBe(poolBefore)
  expect(at.world.files.get(poolPath)).toMatchObject({ mode: 0o640, gid: 33 })
  expect([...at.world.files.keys()]).not.toContain(dropInPath)
  expect(at.world).toMatchObject({ loadedDropIns: '', fpm: { loaded: poolBefore, lostRequests: 0 } })
  const diffs = record.plan.changes.map((change) => (change.of === 'file' ? change.diff : ''))
  expect(diffs.join('')).toContain('-pm.max_children = 4\n+pm.max_children = 2\n')
})

test('settings of a unit and folders are as before, and what was started runs on', async () => {
  await using folder = await temporaryState()
  const at = await applied(folder, 'enable, open the directory and start')
  expect((await undo(at, { apply: at.record.id })).report).toMatchObject({ outcome: 'fixed' })
  expect(at.world.unitFileState).toBe('disabled')
  expect(at.world.directoryModes.get('/run/php')).toBe(0o700)
  expect(at.world.fpm.isUp).toBe(true)
})

test('an undo is undone, and that is known as what put everything back', async () => {
  await using folder = await temporaryState()
  const at = await applied(folder, 'edit and reload')
  at.world.fpm.nowMs += 2000
  const { report } = await undo(at, { apply: at.record.id })
  expect(await plan(at, { apply: at.record.id })).toMatchObject({
    kind: 'nothing-to-do',
    because: containing(`${report.apply} (undo-apply) has put it back`),
  })
  at.world.fpm.nowMs += 2000
  expect((await undo(at, { run })).report).toMatchObject({ outcome: 'fixed' })
  expect(at.world.fpm.loaded).toBe(poolAfter)
})

test('a site that fails after it, though it did not before the apply, has it put back', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'edit and reload')
  const broken: SiteProbe = { site: 'shop.example', over: 'http', passed: false, says: '502', tookMs: 1 }
  const { executor } = at.agent()
  await apply({ ...executor, diagnose: (facts) => ({ ...executor.diagnose(facts), findings: [] }) }, at.record)
  at.world.fpm.nowMs += 2000
  const planning = await plan(at, { apply: at.record.id })
  if (planning.kind !== 'planned') throw new Error(planning.because)
  await savePlan(at.state, planning.record, planning.sealed)
  const created = await createApplyRecord(at.state, planning.record, { kind: 'local-root', by: [] }, at.world.fpm.nowMs)
  if (!created.ok) throw new Error(created.says)
  const after = at.agent().executor
  const fails = {
    ...after,
    diagnose: (facts: Parameters<typeof after.diagnose>[0]) => {
      const seen = after.diagnose(facts)
      return at.world.fpm.loaded === poolBefore ? { ...seen, probes: [broken] } : seen
    },
  }
  expect(await apply(fails, created.value)).toMatchObject({ outcome: 'rolled-back', problem: { code: 'not-verified' } })
  expect(at.world.fpm.loaded).toBe(poolAfter)
})

test('what is not known is said', async () => {
  await using folder = await temporaryState()
  const at = await applied(folder, 'edit and reload')
  expect(await plan(at, { apply: 'a-20260101-000000-0000' })).toMatchObject({
    kind: 'refused',
    because: 'This host has no apply a-20260101-000000-0000.',
  })
  expect(await plan(at, { run })).toMatchObject({ kind: 'refused', because: `This host knows of no apply of ${run}.` })
})

test('a file that somebody edited is named, and so is the apply that came later', async () => {
  await using folder = await temporaryState()
  const at = await applied(folder, 'edit and reload')
  const file = at.world.files.get(poolPath)!
  at.world.files.set(poolPath, { ...file, bytes: Buffer.from(`${poolAfter}; mine\n`) })
  expect(await plan(at, { apply: at.record.id })).toMatchObject({
    kind: 'refused',
    because: containing(`${poolPath} was edited since, at 2026-11-21T`),
  })
  at.world.files.delete(poolPath)
  expect(await plan(at, { apply: at.record.id })).toMatchObject({
    because: containing(`${poolPath} was removed since.`),
  })
})

test('bytes from before that are gone, or were changed, are not put back', async () => {
  await using folder = await temporaryState()
  const at = await applied(folder, 'edit and reload')
  await rm(beforeImageFile(at.state, at.record.id, 0))
  expect(await plan(at, { apply: at.record.id })).toMatchObject({
    kind: 'refused',
    because: containing(`the bytes from before of ${poolPath} are not kept any more`),
  })
  expect(await listApplyIds(at.state)).toEqual([at.record.id])
})

test('a secret is shown to nobody, also where it is among what is put back', async () => {
  await using folder = await temporaryState()
  const text = (workers: number, secret: string) =>
    `${poolBefore.replace('= 2', `= ${workers}`)}env[DB_PASSWORD] = ${secret}\n`
  const [before, after] = [text(2, 'hunter2-old'), text(4, 'hunter2-new')]
  const at = await scene(folder.state, 'edit and reload', {
    files: [{ path: poolPath, before, after, mode: '0640', group: 'www-data' }],
  })
  at.world.files.set(poolPath, { ...at.world.files.get(poolPath)!, bytes: Buffer.from(before) })
  expect(await at.apply()).toMatchObject({ outcome: 'fixed' })
  at.world.fpm.nowMs += 2000
  const { record, report } = await undo(at, { apply: at.record.id })
  expect(report).toMatchObject({ outcome: 'fixed' })
  expect(Buffer.from(at.world.files.get(poolPath)!.bytes).toString()).toBe(before)
  expect(JSON.stringify([record, report])).not.toContain('hunter2')
  expect(JSON.stringify(record)).toContain('changed, hidden')
})

test('what a service would refuse is not planned', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'edit and reload')
  const bad = `${poolBefore}unknown_directive = 1\n`
  const { record, sealed } = samplePlan(at.state.key, {
    ...planKinds['edit and reload'],
    files: [{ path: poolPath, before: bad, after: poolAfter, mode: '0640', group: 'www-data' }],
    nonce: '1'.repeat(32),
  })
  await savePlan(at.state, record, sealed)
  const created = await createApplyRecord(at.state, record, { kind: 'local-root', by: [] }, at.world.fpm.nowMs)
  if (!created.ok) throw new Error(created.says)
  at.world.files.set(poolPath, { ...at.world.files.get(poolPath)!, bytes: Buffer.from(bad) })
  expect(await apply(at.agent().executor, created.value)).toMatchObject({ outcome: 'fixed' })
  expect(await plan(at, { apply: created.value.id })).toMatchObject({
    kind: 'refused',
    because: containing('with the files from before, FPM refuses /etc/php/8.2/fpm/php-fpm.conf (exit code 78)'),
  })
})
