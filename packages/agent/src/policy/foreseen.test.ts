import { expect, test } from 'vitest'
import { hostOf } from '../execute/simulated-host.ts'
import { simulatedWorld } from '../execute/simulated-world.ts'
import { policyPath } from '../judgement/brakes.ts'
import { createApplyRecord } from '../state/apply-record.ts'
import { sampleMadeAtMs, samplePlan, type SamplePlan } from '../state/sample-plan.ts'
import { temporaryState } from '../state/temporary-state.ts'
import { foreseen } from './foreseen.ts'

const nowMs = sampleMadeAtMs + 1000

async function foresee(policy: string | null, plan: SamplePlan = {}, wasApplied = false) {
  await using folder = await temporaryState()
  const world = simulatedWorld(nowMs)
  world.directories.add('/etc/fleetmend')
  if (policy !== null)
    world.files.set(policyPath, { bytes: Buffer.from(policy), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  const { record } = samplePlan(folder.state.key, plan)
  if (wasApplied) await createApplyRecord(folder.state, record, { kind: 'local-root', by: ['ana'] }, nowMs - 60_000)
  const shown = await foreseen(hostOf(world), folder.state, { ...record, forecast: ['Two requests wait.'] })
  expect(shown).toMatchObject({ digest: record.digest, plan: record.plan })
  return shown
}

test('a plan that could be applied says only how many must approve it', async () => {
  expect(await foresee(null)).toMatchObject({ forecast: ['Two requests wait.'], approvalsNeeded: 1 })
})

test('one that restarts a service asks for more people', async () => {
  const restart: SamplePlan = { acts: [{ act: 'restart', service: 'php8.2-fpm' }] }
  expect(await foresee(null, restart)).toMatchObject({ approvalsNeeded: 2 })
  expect(await foresee('approvals: { restarts: 5 }', restart)).toMatchObject({ approvalsNeeded: 5 })
})

test('each brake is told beforehand, with its end', async () => {
  expect(await foresee('remediations: []\ncoolDownMinutes: 3', {}, true)).toMatchObject({
    forecast: [
      'Two requests wait.',
      expect.stringMatching(/^Applied now, it would be refused\. This host does not allow tune-pool\./),
      expect.stringMatching(
        /^Applied now with an approval, it would be refused\. tune-pool was applied to .* until 2026-11-21T03:11:41Z/,
      ),
    ],
  })
})

test('and so is a policy that cannot be kept', async () => {
  expect(await foresee('changesPerHour: 0')).toMatchObject({
    forecast: [
      'Two requests wait.',
      'Applied now, it would be refused. /etc/fleetmend/policy.yaml:1: `changesPerHour` must be at least 1.',
    ],
  })
})
