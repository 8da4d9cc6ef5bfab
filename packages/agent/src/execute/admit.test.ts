import { readdir } from 'node:fs/promises'
import { problem } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { freezePath, policyPath } from '../judgement/brakes.ts'
import { createApplyRecord, readReport } from '../state/apply-record.ts'
import { savePlan } from '../state/plan-store.ts'
import { sampleMadeAtMs, samplePlan } from '../state/sample-plan.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { admit, withdraw, type Authorise } from './admit.ts'
import { takeLock } from './lock.ts'
import { scene } from './sample-apply.ts'
import { hostOf } from './simulated-host.ts'
import { simulatedWorld, type World } from './simulated-world.ts'

const ana: Authorise = () => ({ ok: true, summary: { kind: 'approval', by: ['ana'], run: 'r-20261121-031455-41bd' } })
const nobody: Authorise = () => ({ ok: false, problem: problem('not-approved', 'Nobody has approved.') })

async function planned() {
  const folder = await temporaryState()
  const { record, sealed } = samplePlan(folder.state.key, {})
  await savePlan(folder.state, record, sealed)
  const world = simulatedWorld(sampleMadeAtMs + 1000)
  return { folder, world, host: hostOf(world), digest: record.digest, state: folder.state, record }
}

function put(world: World, path: string, text: string): void {
  world.directories.add('/etc/fleetmend')
  world.files.set(path, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
}

test('what may be applied gets a record that says who allowed it', async () => {
  const { folder, host, digest, state } = await planned()
  await using _ = folder
  const admitted = await admit(host, state, digest, ana)
  if (!admitted.ok) throw new Error(admitted.problem.detail)
  expect(await readReport(state, admitted.value.id)).toMatchObject({
    phase: 'intent',
    outcome: null,
    plan: digest,
    authority: { by: ['ana'], run: 'r-20261121-031455-41bd' },
  })
})

test('what nobody approved leaves no trace', async () => {
  const { folder, host, digest, state } = await planned()
  await using _ = folder
  expect(await admit(host, state, digest, nobody)).toMatchObject({ ok: false, problem: { code: 'not-approved' } })
  expect(await readdir(state.applies)).toEqual([])
})

test('an unknown plan is not even shown to whoever authorises', async () => {
  const { folder, host, state } = await planned()
  await using _ = folder
  const never: Authorise = () => {
    throw new Error('asked')
  }
  expect(await admit(host, state, 'sha256:00', never)).toMatchObject({ ok: false, problem: { code: 'unknown-plan' } })
})

test('while another apply is at work it says which', async () => {
  await using folder = await temporaryState()
  const at = await scene(folder.state, 'edit and reload')
  const { executor } = at.agent()
  await takeLock(folder.state, executor.host, executor.self, 'a-first')
  expect(await admit(executor.host, folder.state, at.record.plan.digest, ana)).toMatchObject({
    ok: false,
    problem: { code: 'apply-in-progress', detail: expect.stringContaining('a-first') },
  })
})

test('an apply that could not be begun is closed, and its plan stays good', async () => {
  const { folder, host, digest, state } = await planned()
  await using _ = folder
  const admitted = await admit(host, state, digest, ana)
  if (!admitted.ok) throw new Error(admitted.problem.detail)
  expect(await withdraw(host, admitted.value, problem('apply-not-possible', 'No systemd.'))).toMatchObject({
    outcome: 'refused',
    phase: 'closed',
    problem: { code: 'apply-not-possible' },
  })
  expect((await admit(host, state, digest, ana)).ok).toBe(true)
})

describe('a brake of the host', () => {
  test('holds back what was approved, says which and until when, and leaves no trace', async () => {
    const { folder, world, host, digest, state, record } = await planned()
    await using _ = folder
    put(world, policyPath, 'changesPerHour: 1\ncoolDownMinutes: 0\n')
    await createApplyRecord(state, record, { kind: 'local-root', by: ['ana'] }, host.nowMs() - 48 * 60_000)
    const before = await readdir(state.applies)
    expect(await admit(host, state, digest, ana)).toEqual({
      ok: false,
      problem: problem(
        'braked',
        'Cannot apply now.\n\n' +
          'One apply was begun on this host within an hour; approvals begin no more than 1.\n' +
          'It holds until 2026-11-21T03:21:41Z (in 12 min); before that, root on this host can apply it there, or change ' +
          '`changesPerHour` in /etc/fleetmend/policy.yaml.\n\n' +
          'Nothing was changed. A rollback is never held back.',
      ),
    })
    expect(await readdir(state.applies)).toEqual(before)
  })

  test('that counts tells root at the host, and holds back nobody there', async () => {
    const { folder, world, host, digest, state, record } = await planned()
    await using _ = folder
    const root: Authorise = () => ({ ok: true, summary: { kind: 'local-root', by: ['root at this host'] } })
    put(world, policyPath, 'changesPerHour: 1\n')
    await createApplyRecord(state, record, { kind: 'local-root', by: ['ana'] }, host.nowMs() - 60_000)
    expect((await admit(host, state, digest, ana)).ok).toBe(false)
    put(world, freezePath, 'Sales until Monday.')
    expect(await admit(host, state, digest, root)).toMatchObject({
      problem: { code: 'braked', detail: expect.not.stringContaining('within') },
    })
    world.files.delete(freezePath)
    expect((await admit(host, state, digest, root)).ok).toBe(true)
  })

  test('counts nothing that was refused', async () => {
    const { folder, world, host, digest, state } = await planned()
    await using _ = folder
    put(world, policyPath, 'changesPerHour: 1\n')
    const admitted = await admit(host, state, digest, ana)
    if (!admitted.ok) throw new Error(admitted.problem.detail)
    expect((await admit(host, state, digest, ana)).ok).toBe(false)
    await withdraw(host, admitted.value, problem('apply-not-possible', 'No systemd.'))
    expect((await admit(host, state, digest, ana)).ok).toBe(true)
  })

  test('is lifted at once', async () => {
    const { folder, world, host, digest, state } = await planned()
    await using _ = folder
    put(world, freezePath, 'Sales until Monday.\nAsk Ben.\n')
    expect(await admit(host, state, digest, ana)).toMatchObject({
      problem: {
        code: 'braked',
        detail: expect.stringContaining('frozen: Sales until Monday. Ask Ben.\nIt holds until'),
      },
    })
    world.files.delete(freezePath)
    expect((await admit(host, state, digest, ana)).ok).toBe(true)
  })

  test('that waiting does not lift is told apart', async () => {
    const { folder, world, host, digest, state } = await planned()
    await using _ = folder
    put(world, policyPath, 'remediations: [reload-fpm]\n')
    expect(await admit(host, state, digest, ana)).toMatchObject({ problem: { code: 'not-allowed' } })
  })

  test('is told to nobody who may not apply', async () => {
    const { folder, world, host, digest, state } = await planned()
    await using _ = folder
    put(world, freezePath, 'Sales until Monday.')
    expect(await admit(host, state, digest, nobody)).toMatchObject({ problem: { code: 'not-approved' } })
  })

  test('whoever authorises is told the policy', async () => {
    const { folder, world, host, digest, state } = await planned()
    await using _ = folder
    put(world, policyPath, 'approvals: { ordinary: 4 }\n')
    const counts: Authorise = (_record, { approvals }) => ({
      ok: false,
      problem: problem('not-approved', `${approvals.ordinary} and ${approvals.restarts}`),
    })
    expect(await admit(host, state, digest, counts)).toMatchObject({ problem: { detail: '4 and 2' } })
  })
})

test('a policy that cannot be kept lets nothing be applied, and says where it is wrong', async () => {
  const { folder, world, host, digest, state } = await planned()
  await using _ = folder
  put(world, policyPath, '# ours\nchangesPerHour: few\n')
  expect(await admit(host, state, digest, ana)).toMatchObject({
    ok: false,
    problem: {
      code: 'policy-unusable',
      detail: expect.stringContaining('/etc/fleetmend/policy.yaml:2: `changesPerHour` must be given as a number.'),
    },
  })
  expect(await readdir(state.applies)).toEqual([])
})
