import { randomBytes } from 'node:crypto'
import { digestOf, type Digest, type Grant, type SignedGrant } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { sampleGrant, signBreakGlass, signGrant } from '../../../shared/test/signed.ts'
import { ana, approvalOf, served, told, write } from '../../test/served-host.ts'
import { hostOf } from '../execute/simulated-host.ts'
import { freezePath, policyPath } from '../judgement/brakes.ts'
import { openApplyRecord } from '../state/apply-record.ts'
import { markPlanUsed, savePlan } from '../state/plan-store.ts'
import { sampleMadeAtMs, samplePlan, type SamplePlan } from '../state/sample-plan.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { agentService } from './agent-service.ts'

test('what was applied is not applied again by the same approval, also when the agent is another by then', async () => {
  await using at = await served()
  const { apply } = await at.client.remediate.begin.mutate({ plan: at.plan, authority: approvalOf(at.plan) })
  await markPlanUsed(at.state, at.plan, apply)
  const record = await openApplyRecord(at.state, apply)
  if (!record.ok) throw new Error(record.problem.detail)
  await record.value.journal.append({
    entry: 'closed',
    at: new Date(sampleMadeAtMs + 2000).toISOString(),
    says: 'Fixed.',
    outcome: 'fixed',
    problem: null,
    verdict: null,
  })
  expect(await told(at.client, at.plan, approvalOf(at.plan))).toMatchObject({ problem: { code: 'plan-used' } })
  const another = agentService({ host: hostOf(at.world), state: at.state, start: async () => ({ ok: true }) })
  expect(await another.apply(at.plan, approvalOf(at.plan))).toMatchObject({ problem: { code: 'plan-used' } })
  expect(at.started).toEqual([apply])
})

describe('a grant', () => {
  const signedGrant = (change: Partial<Grant> = {}): SignedGrant =>
    signGrant(
      [ana],
      sampleGrant({
        remediations: ['tune-pool'],
        inputs: {},
        hosts: { named: ['web-7'] },
        notBefore: new Date(sampleMadeAtMs - 60_000).toISOString(),
        notAfter: new Date(sampleMadeAtMs + 86_400_000).toISOString(),
        ...change,
      }),
    )

  test('begins what it names, and the journal says whose grant it was', async () => {
    await using at = await served()
    expect(await told(at.client, at.plan, signedGrant())).toEqual({ apply: at.started[0] })
    expect(await at.client.remediate.report.query({ plan: at.plan })).toMatchObject({
      authority: { kind: 'grant', by: ['ana'], grant: 'g-20261120-091500-7c02' },
      timeline: [{ says: 'Admitted: tune-pool, allowed by g-20261120-091500-7c02, which ana signed.' }],
    })
  })

  test('is spent by an agent that dies before it begins, and its count outlives it', async () => {
    await using at = await served(async () => {
      throw new Error('The agent is gone.')
    })
    write(at.world, policyPath, 'coolDownMinutes: 0')
    await told(at.client, at.plan, signedGrant())
    const another = await samePlanAgain(at.state)
    const restarted = agentService({ host: hostOf(at.world), state: at.state, start: async () => ({ ok: true }) })
    expect(await restarted.apply(another, signedGrant())).toMatchObject({ problem: { code: 'grant-used-up' } })
    expect(await restarted.apply(another, signedGrant({ perHour: 2 }))).toMatchObject({ ok: true })
    expect(await restarted.apply(await samePlanAgain(at.state), signedGrant({ perHour: 2 }))).toMatchObject({
      problem: { code: 'grant-used-up' },
    })
  })

  test('is held back by what counts, as an approval is', async () => {
    await using at = await served()
    await told(at.client, at.plan, signedGrant({ perHour: 9 }))
    const again = await samePlanAgain(at.state)
    expect(await told(at.client, again, signedGrant({ perHour: 9 }))).toMatchObject({ problem: { code: 'braked' } })
    write(at.world, policyPath, 'coolDownMinutes: 0\nchangesPerHour: 1')
    expect(await told(at.client, again, signedGrant({ perHour: 9 }))).toMatchObject({ problem: { code: 'braked' } })
  })

  test('holds again when its hour is over', async () => {
    await using at = await served()
    await told(at.client, at.plan, signedGrant())
    at.world.fpm.nowMs += 59 * 60_000
    const before = await samePlanAgain(at.state)
    expect(await told(at.client, before, signedGrant())).toMatchObject({ problem: { code: 'grant-used-up' } })
    at.world.fpm.nowMs += 30_000 + 30_000
    expect(await told(at.client, await samePlanAgain(at.state, at.world.fpm.nowMs), signedGrant())).toHaveProperty(
      'apply',
    )
  })
})

describe('break-glass', () => {
  const reason = 'shop is down, nobody else awake'
  const restart: SamplePlan = { acts: [{ act: 'restart', service: 'php8.2-fpm' }] }
  const named = `ana namespaces="fleetmend-approval@v1,fleetmend-break-glass@v1" ${ana.publicKey}\n`
  const brokenBy = (plan: Digest) => signBreakGlass(ana, approvalOf(plan), reason)

  test('begins alone what takes two, and stands in the journal with its reason', async () => {
    await using at = await served(undefined, named, restart)
    expect(await told(at.client, at.plan, approvalOf(at.plan))).toMatchObject({ problem: { code: 'approval-too-few' } })
    expect(await told(at.client, at.plan, brokenBy(at.plan))).toEqual({ apply: at.started[0] })
    expect(await at.client.remediate.report.query({ plan: at.plan })).toMatchObject({
      authority: { kind: 'break-glass', by: ['ana'], reason },
      timeline: [{ says: expect.stringContaining(`BREAK-GLASS by ana alone: ${reason}`) }],
    })
  })

  test('lifts no brake that counts either', async () => {
    await using at = await served(undefined, named)
    await told(at.client, at.plan, approvalOf(at.plan))
    const again = await samePlanAgain(at.state)
    expect(await told(at.client, again, brokenBy(again))).toMatchObject({ problem: { code: 'braked' } })
    write(at.world, policyPath, 'coolDownMinutes: 0\nchangesPerHour: 1')
    expect(await told(at.client, again, brokenBy(again))).toMatchObject({ problem: { code: 'braked' } })
  })

  test.each([
    { brake: 'a freeze', path: freezePath, text: 'Stocktaking', code: 'braked' },
    { brake: 'the list of what is allowed', path: policyPath, text: 'remediations: [reload-fpm]', code: 'not-allowed' },
    { brake: 'the policy', path: policyPath, text: 'approvals: { breakGlass: false }', code: 'break-glass-forbidden' },
    { brake: 'a maintenance window', path: policyPath, text: closedNow, code: 'braked' },
  ])('lifts no brake: $brake holds', async ({ path, text, code }) => {
    await using at = await served(undefined, named)
    write(at.world, path, text)
    expect(await told(at.client, at.plan, brokenBy(at.plan))).toMatchObject({ problem: { code } })
    expect(at.started).toEqual([])
  })
})

/** The plan as the host would make it once more: another nonce, and so another digest. */
async function samePlanAgain(state: StateFolder, madeAtMs = sampleMadeAtMs): Promise<Digest> {
  const { record, sealed } = samplePlan(state.key, {})
  const plan = {
    ...record.plan,
    nonce: randomBytes(16).toString('hex'),
    madeAt: new Date(madeAtMs).toISOString(),
    expiresAt: new Date(madeAtMs + 3_600_000).toISOString(),
  }
  const again = { ...record, plan, digest: digestOf(plan) }
  await savePlan(state, again, sealed)
  return again.digest
}

/** A window two days after the sample's moment. */
const closedNow = 'maintenance: { timeZone: UTC, windows: [{ days: [mon], from: "03:00", to: "04:00" }] }'
