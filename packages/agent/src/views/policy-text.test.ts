import { plainPaint, Policy } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { policyText, type ShownPolicy } from './policy-text.ts'

const nowMs = Date.parse('2026-11-21T03:15:00.000Z')
const shown: ShownPolicy = {
  host: 'web-7',
  path: '/etc/fleetmend/policy.yaml',
  isWritten: false,
  policy: Policy.parse({}),
  zone: 'UTC',
  unknown: [],
  brakes: [],
  nowMs,
}

test('a host without a policy shows the defaults', () => {
  expect(policyText(shown, plainPaint)).toBe(
    `What web-7 lets be done to it  the defaults: there is no /etc/fleetmend/policy.yaml
  may be applied    all
  approved by       one person; 2 people to restart, unmask or start what was stopped
  also counts       whoever asked for it, break-glass by those named for it, grants signed in advance
  by approvals      6 an hour; the same again after 5 min
  changed           at any time

Nothing holds back every apply now. A plan says what holds back itself.
`,
  )
})

test('all that is written is shown, with what nobody here knows and what holds now', () => {
  const policy = Policy.parse({
    remediations: ['tune-pool', 'tune-pol'],
    approvals: { ordinary: 2 },
    coolDownMinutes: 0,
    maintenance: { windows: [{ days: ['sat', 'sun'], from: '22:00', to: '04:00' }] },
    canaryPaths: { 'shop.example': '/health.php' },
  })
  const brake = { brake: 'frozen', says: 'This host is frozen: sales', untilMs: null, lift: 'remove it' } as const
  const zone = 'Europe/Zurich'
  expect(
    policyText({ ...shown, isWritten: true, policy, zone, unknown: ['tune-pol'], brakes: [brake] }, plainPaint),
  ).toBe(
    `What web-7 lets be done to it  /etc/fleetmend/policy.yaml
  may be applied    tune-pool, tune-pol
  approved by       2 people; 2 people to restart, unmask or start what was stopped
  also counts       whoever asked for it, break-glass by those named for it, grants signed in advance
  by approvals      6 an hour; the same again at once
  changed           sat sun 22:00–04:00 (Europe/Zurich)
  probed            shop.example with GET /health.php
  This agent knows no remediation tune-pol.

Held back now
  This host is frozen: sales
    It holds until somebody lifts it: root on this host can remove it.
`,
  )
})
