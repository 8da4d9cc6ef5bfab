import {
  digestOf,
  manifestDigest,
  planTree,
  type Manifest,
  type Plan,
  type PlanRecord,
  type RunView,
} from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { checkManifest } from './check-manifest.ts'

const at = '2026-11-21T03:00:00.000Z'

function planOf(host: string): PlanRecord {
  const plan: Plan = {
    format: 'fleetmend.plan/1',
    host,
    nonce: '0'.repeat(32),
    madeAt: at,
    expiresAt: '2026-11-21T04:00:00.000Z',
    remediations: [{ id: 'start-service', input: { service: 'php8.2-fpm' }, because: 'it is down', arithmetic: [] }],
    clears: [],
    checks: [],
    changes: [],
    acts: [{ act: 'start', service: 'php8.2-fpm' }],
    disturbs: [],
    warnings: [],
    basis: { exact: [], guards: [] },
    watchMs: 0,
  }
  return { digest: digestOf(plan), plan, forecast: [] }
}

function viewOf(plans: readonly PlanRecord[], more: Partial<Manifest> = {}): RunView {
  const waves = { canaryHosts: 1, batchHosts: 10 }
  const manifest: Manifest = {
    format: 'fleetmend.manifest/1',
    run: 'r-20261121-030000-0001',
    requester: 'ana',
    reason: '502',
    waves,
    notBefore: at,
    notAfter: '2026-11-21T04:00:00.000Z',
    hosts: plans.length,
    root: planTree(plans.map(({ digest, plan }) => ({ host: plan.host, digest }))).root,
    ...more,
  }
  const hosts = plans.map(({ digest, plan }) => ({
    id: plan.host,
    state: 'planned' as const,
    says: null,
    code: null,
    plan: digest,
    group: null,
    apply: null,
    probesPass: false,
    attempts: 0,
  }))
  const run: RunView['run'] = {
    id: 'r-20261121-030000-0001',
    requester: 'ana',
    reason: '502',
    asked: { want: 'for-findings' },
    waves,
    limits: { stopAtFailures: 1, groupsAtOnce: 1, approvalsNeeded: 1 },
    ...{ terms: {}, follows: null, canaries: [], heldBack: [] },
    state: 'awaiting-approval',
    startedAt: at,
    endedAt: null,
    hosts,
    groups: [],
    plansExpireAt: null,
    manifest,
    request: null,
    approvals: [],
    breakGlass: null,
    grant: null,
    stopping: null,
    notes: [],
  }
  return { run, plans: [...plans], reports: [] }
}

const two = [planOf('web-1'), planOf('web-2')] as const

test('what was shown is what it stands for', () => {
  const view = viewOf(two)
  expect(checkManifest(view, undefined)).toEqual({ ok: true, manifest: view.run.manifest })
  expect(checkManifest(view, manifestDigest(view.run.manifest!))).toMatchObject({ ok: true })
})

test('another digest than the one that the approver has seen', () => {
  const other = viewOf(two, { reason: 'something else' })
  const seen = manifestDigest(viewOf(two).run.manifest!)
  expect(checkManifest(other, seen)).toMatchObject({ ok: false, problem: { code: 'wrong-digest' } })
})

test('nothing to approve', () => {
  const view = viewOf(two)
  const without: RunView = { ...view, run: { ...view.run, manifest: null, state: 'finished' } }
  expect(checkManifest(without, undefined)).toMatchObject({ ok: false, problem: { code: 'run-not-ready' } })
})

describe('a controller that shows one thing and has another one signed', () => {
  const [one, other] = two
  const harmless: PlanRecord = { ...one, plan: { ...one.plan, acts: [] } }
  const view = viewOf(two)
  test.each<{ readonly what: string; readonly shown: RunView; readonly says: string }>([
    {
      what: 'a plan that is shown with the digest of another',
      shown: { ...view, plans: [harmless, other] },
      says: 'the plan of web-1 does not have the digest',
    },
    {
      what: 'another plan with its own digest',
      shown: { ...view, plans: [{ ...harmless, digest: digestOf(harmless.plan) }, other] },
      says: 'not the ones it stands for',
    },
    { what: 'a host left out', shown: { ...view, plans: [one] }, says: 'the plan of web-2 is missing' },
    {
      what: 'a host left out everywhere',
      shown: { ...view, plans: [one], run: { ...view.run, hosts: view.run.hosts.slice(0, 1) } },
      says: 'it is about 2 hosts, and plans of 1 were shown',
    },
    { what: 'a host twice', shown: { ...view, plans: [one, other, other] }, says: 'a host has two plans' },
    {
      what: 'the manifest of another run',
      shown: viewOf(two, { run: 'r-20261121-030000-0002' }),
      says: 'the manifest is of r-20261121-030000-0002',
    },
  ])('$what', ({ shown, says }) => {
    const checked = checkManifest(shown, undefined)
    expect(checked).toMatchObject({ ok: false, problem: { code: 'cannot-sign' } })
    expect(checked.ok ? '' : checked.problem.detail).toContain(says)
  })
})
