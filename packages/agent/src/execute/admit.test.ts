import { readdir } from 'node:fs/promises'
import { problem } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { readReport } from '../state/apply-record.ts'
import { savePlan } from '../state/plan-store.ts'
import { sampleMadeAtMs, samplePlan } from '../state/sample-plan.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { admit, withdraw, type Authorise } from './admit.ts'
import { takeLock } from './lock.ts'
import { scene } from './sample-apply.ts'
import { hostOf, simulatedWorld } from './simulated-host.ts'

const ana: Authorise = () => ({ ok: true, summary: { kind: 'approval', by: ['ana'], run: 'r-20261121-031455-41bd' } })
const nobody: Authorise = () => ({ ok: false, problem: problem('not-approved', 'Nobody has approved.') })

async function planned() {
  const folder = await temporaryState()
  const { record, sealed } = samplePlan(folder.state.key, {})
  await savePlan(folder.state, record, sealed)
  return { folder, host: hostOf(simulatedWorld(sampleMadeAtMs + 1000)), digest: record.digest, state: folder.state }
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
