/**
 * A host without a machine: it answers what was recorded, under its own name, and keeps what an agent keeps of itself. Its
 * record is a chain that it signs, its plans have digests, and it begins nothing that nobody signed.
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import {
  authorise,
  digestOf,
  headBytes,
  nextRecord,
  Policy,
  problem,
  type ApplyReport,
  type Approvers,
  type AuditHead,
  type AuditRecord,
  type ChainEnd,
  type Digest,
  type PlanRecord,
  type SignedHead,
} from '@fleetmend/shared'
import type { AgentService } from '../../packages/agent/src/router.ts'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import type { RecordedAnswers } from './answers.ts'

export interface SimulatedHost {
  readonly agent: AgentService
  /** How often it began to apply something. */
  readonly begun: () => number
}

/** As it is where nobody wrote one. */
const policy = Policy.parse({}).approvals

export function simulatedHost(identity: Identity, recorded: RecordedAnswers, approvers: Approvers): SimulatedHost {
  const { host, fleet } = identity
  const records: AuditRecord[] = []
  let end: ChainEnd | null = null
  let begun = 0
  let planned: PlanRecord | null = null
  let report: ApplyReport | null = null

  const onRecord = (type: string, more: object): void => {
    const { record, hash } = nextRecord(end, new Date().toISOString(), { type, ...more })
    records.push(record)
    end = { sequence: record.sequence, hash }
  }
  onRecord('enrolled', { fleet, url: identity.url })

  /** Its key is read when it signs: thousands of them in one process would be mostly keys. */
  const signedHead = (): SignedHead | null => {
    if (end === null) return null
    const head: AuditHead = { format: 'fleetmend.audit-head/1', host, fleet, ...end, at: new Date().toISOString() }
    const key = createPrivateKey(identity.key)
    const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64')
    return { head, publicKey, signature: sign('sha256', headBytes(head), key).toString('base64') }
  }
  let shown: { readonly end: ChainEnd | null; readonly head: SignedHead | null } = { end: null, head: null }

  const agent: AgentService = {
    async hello() {
      if (shown.end !== end) shown = { end, head: signedHead() }
      return { ...recorded.hello, host, ...(shown.head ? { audit: shown.head } : {}) }
    },
    diagnose: async () => ({ ...recorded.diagnosis, host }),
    explain: () => null,
    async plan({ watchMs = 0 }) {
      const madeAt = new Date()
      const expiresAt = new Date(madeAt.getTime() + 60 * 60_000).toISOString()
      const plan = { ...recorded.plan, host, watchMs, madeAt: madeAt.toISOString(), expiresAt }
      planned = { digest: digestOf(plan), plan, forecast: [] }
      report = null
      onRecord('plan-made', { plan: planned.digest })
      return { kind: 'planned', record: planned }
    },
    async apply(digest, authority) {
      if (planned?.digest !== digest || authority.kind === 'session-root')
        return { ok: false, problem: problem('unknown-plan', `${host} has no such plan.`) }
      if (report) return { ok: true, apply: report.apply }
      const presented = { host, fleet, digest, authority, approvers, nowMs: Date.now() }
      const allowed = authorise(presented, { plan: planned.plan, policy, grantUses: 0 })
      if (!allowed.ok) return allowed
      begun++
      report = { ...recorded.report, host, plan: digest, authority: allowed.summary }
      onRecord('apply-ended', { apply: report.apply, plan: digest, outcome: report.outcome })
      return { ok: true, apply: report.apply }
    },
    notUnderstood: async () => undefined,
    async *watch(_, seen) {
      for (const [index, news] of recorded.news.entries()) {
        const number = index + 1
        if (number <= seen || !report) continue
        yield { number, news: news.news === 'closed' ? { news: 'closed', report } : news }
      }
      return null
    },
    report: async (digest: Digest) => (report?.plan === digest ? report : null),
    history: async () => (report ? [report] : []),
    auditHead: async () => signedHead(),
    auditRecords: async (from, limit) => records.filter(({ sequence }) => sequence >= from).slice(0, limit),
    witness: async (head) => onRecord('controller-head', { sequence: head.sequence, hash: head.hash }),
  }
  return { agent, begun: () => begun }
}
