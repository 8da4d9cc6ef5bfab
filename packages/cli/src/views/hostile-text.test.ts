import {
  applyText,
  plainPaint,
  type ApplyReport,
  type Grant,
  type HostDiagnosis,
  type HostRecordView,
  type RunView,
} from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { fleetDiagnosisText } from './fleet-diagnosis-text.ts'
import { grantText } from './grant-text.ts'
import { hostListText } from './host-list-text.ts'
import { runListText } from './run-list-text.ts'
import { runPlanText } from './run-plan-text.ts'
import { runText } from './run-text.ts'

/** Clears the screen, forges a line, turns the text round. */
const evil = '\u001B[2J\u001B[31mroot# \rok\u202Ekcab\u0007'
const at = '2026-11-21T03:00:00.000Z'

const diagnosis: HostDiagnosis = {
  host: 'web-1',
  outcome: 'diagnosed',
  status: 'failing',
  probes: [{ site: evil, over: 'http', says: evil, passed: false, tookMs: 1 }],
  findings: (['cause', 'consequence', 'risk', 'note'] as const).map((role) => ({
    diagnosis: 'fpm-crashed',
    role,
    subject: { kind: 'service', name: evil },
    says: evil,
    evidence: [{ source: evil, says: evil }],
    remediations: [{ id: 'start-service', input: { service: evil } }],
    withoutRemediation: evil,
  })),
  couldNotTell: [{ what: evil, why: evil }],
  tookMs: 1,
}

const report: ApplyReport = {
  apply: 'a-20261121-030000-0001',
  host: 'web-1',
  plan: `sha256:${'0'.repeat(64)}`,
  remediations: [evil],
  authority: { kind: 'break-glass', by: [evil], reason: evil },
  phase: 'closed',
  outcome: 'not-fixed',
  startedAt: at,
  endedAt: at,
  timeline: [{ at, says: evil }],
  verdict: {
    cleared: false,
    says: evil,
    probesBefore: [],
    probesAfter: diagnosis.probes,
    remaining: [],
    couldNotTell: [],
    watch: { requests: 1, serverErrors: 1, serverErrorShareBefore: null, says: evil },
  },
  problem: { code: 'not-verified', title: 'The host is not better afterwards', detail: evil },
}

const view: RunView = {
  run: {
    id: 'r-20261121-030000-0001',
    requester: evil,
    reason: evil,
    asked: { want: 'for-findings' },
    waves: { canaryHosts: 1, batchHosts: 1 },
    limits: { stopAtFailures: 1, groupsAtOnce: 1, approvalsNeeded: 1 },
    ...{ terms: {}, follows: null, canaries: [], heldBack: [] },
    state: 'halted',
    startedAt: at,
    endedAt: at,
    hosts: (['not-fixed', 'plan-refused'] as const).map((state, index) => ({
      id: `web-${index + 1}`,
      state,
      says: evil,
      code: 'answer-not-believed',
      plan: null,
      group: null,
      apply: null,
      probesPass: false,
      attempts: 0,
    })),
    groups: [],
    plansExpireAt: null,
    manifest: null,
    request: { principal: evil, fingerprint: evil, signature: '', at },
    approvals: [{ principal: evil, fingerprint: evil, signature: '', at }],
    breakGlass: { principal: evil, fingerprint: evil, signature: '', at, reason: evil },
    grant: null,
    stopping: { to: 'halted', by: null, says: evil },
    notes: [{ at, says: evil }],
  },
  plans: [],
  reports: [report],
}

const host: HostRecordView = {
  id: 'web-1',
  labels: {},
  os: evil,
  agentVersion: evil,
  keyFingerprint: `sha256:${'0'.repeat(64)}`,
  certificateFingerprint: `sha256:${'0'.repeat(64)}`,
  certificateExpiresAt: at,
  ssh: null,
  enrolledAt: at,
  lastSeenAt: null,
  wrong: { code: evil, says: evil },
  connected: true,
  alarm: { code: 'audit-forked', at, says: evil },
}

/** Whoever hands in a file may have written anything into it. */
const grant: Grant = {
  format: 'fleetmend.grant/1',
  id: 'g-20261121-030000-0001',
  reason: evil,
  remediations: [evil],
  inputs: { [evil]: { oneOf: [evil] } },
  hosts: { fleet: evil },
  perHour: 1,
  watchAtLeastMs: 0,
  notBefore: at,
  notAfter: at,
}

test.each([
  { what: 'a diagnosis', text: fleetDiagnosisText([diagnosis], plainPaint) },
  { what: 'hosts alike', text: fleetDiagnosisText([diagnosis, { ...diagnosis, host: 'web-2' }], plainPaint) },
  {
    what: 'hosts that could not be asked',
    text: fleetDiagnosisText(
      ['web-1', 'web-2'].map((id) => ({ ...diagnosis, host: id, outcome: 'refused', findings: [], says: evil })),
      plainPaint,
    ),
  },
  { what: 'a run that waits', text: runPlanText(view, plainPaint) },
  { what: 'a run that ended', text: runText(view, plainPaint) },
  { what: 'a grant', text: grantText(grant, plainPaint) },
  { what: 'an apply of one alone', text: applyText({ ...report, verdict: null, problem: null }, plainPaint) },
  { what: 'runs', text: runListText([view.run], plainPaint) },
  { what: 'hosts', text: hostListText([host], plainPaint) },
])('$what: the words of a host can do nothing to the terminal', ({ text }) => {
  expect(text).toContain('\\u{1b}')
  // oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
  expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E]/)
})
