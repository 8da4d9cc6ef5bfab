/**
 * Hosts as a controller sees them: each makes its own plans, takes an apply only with an approval for that plan, begins it
 * once, and keeps a journal that outlives every connection.
 */
import {
  digestOf,
  isInTree,
  problem,
  type ApplyOutcome,
  type ApplyReport,
  type Digest,
  type HostId,
  type PlanRecord,
} from '@fleetmend/shared'
import type { ApplyAnswer, Fleet, JournalAnswer, NotReached } from '../src/runs/fleet-port.ts'
import { at, planOf, reportOf } from './sample-run.ts'

export interface FakeHost {
  readonly change?: string
  readonly outcome?: ApplyOutcome
  /** Instead of a plan. */
  readonly answers?: 'nothing-to-do' | 'refused' | 'unreachable'
  /** The connection breaks while it applies, and for so many questions afterwards it cannot be reached. */
  readonly silentFor?: number
  /** The command is swallowed on its way, so many times. */
  readonly swallows?: number
}

export interface FakeFleet extends Fleet {
  /** How often each host really began an apply; more than one of the same plan is what must never be. */
  readonly begun: ReadonlyMap<HostId, readonly Digest[]>
}

const unreachable: NotReached = { kind: 'not-reached', how: 'unreachable', says: 'It is not connected.' }

export function fakeFleet(hosts: Readonly<Record<HostId, FakeHost>>): FakeFleet {
  const plans = new Map<Digest, PlanRecord>()
  const journals = new Map<Digest, ApplyReport>()
  const begun = new Map<HostId, Digest[]>()
  const questions = new Map<HostId, number>()
  const swallowed = new Map<HostId, number>()

  const applyOnce = (host: HostId, plan: Digest, record: PlanRecord): ApplyReport => {
    const known = journals.get(plan)
    if (known) return known
    begun.set(host, [...(begun.get(host) ?? []), plan])
    const report = reportOf(record, hosts[host]?.outcome ?? 'fixed')
    journals.set(plan, report)
    return report
  }

  return {
    begun,

    async plan(host) {
      const { answers, change } = hosts[host] ?? { answers: 'unreachable' }
      if (answers === 'unreachable') return unreachable
      if (answers === 'nothing-to-do') return { kind: 'nothing-to-do', because: 'Healthy.' }
      if (answers === 'refused') return { kind: 'refused', because: 'No memory.', toDo: 'Add some.' }
      // Asked again, a host makes another plan: its nonce is another one.
      const { plan } = planOf(host, change)
      const fresh = { ...plan, nonce: digestOf(`${host} ${plans.size}`).slice('sha256:'.length, 'sha256:'.length + 32) }
      const record = { digest: digestOf(fresh), plan: fresh, forecast: [] }
      plans.set(record.digest, record)
      return { kind: 'planned', record }
    },

    async apply(host, plan, authority, onProgress): Promise<ApplyAnswer> {
      const { silentFor, swallows = 0 } = hosts[host] ?? {}
      const times = swallowed.get(host) ?? 0
      if (times < swallows) {
        swallowed.set(host, times + 1)
        return { kind: 'lost', says: 'The connection broke.' }
      }
      const record = plans.get(plan)
      if (!record || record.plan.host !== host)
        return { kind: 'refused', problem: problem('unknown-plan', 'No such plan.') }
      const isOfThis =
        authority.kind === 'grant' || isInTree({ host, digest: plan }, authority.proof, authority.manifest.root)
      if (!isOfThis) {
        return { kind: 'refused', problem: problem('not-approved', 'Nobody approved this.') }
      }
      onProgress('intent', { at, says: 'Admitted.' })
      const report = applyOnce(host, plan, record)
      return silentFor === undefined ? { kind: 'reported', report } : { kind: 'lost', says: 'The connection broke.' }
    },

    async askApply(host, plan): Promise<JournalAnswer> {
      const asked = (questions.get(host) ?? 0) + 1
      questions.set(host, asked)
      if (asked <= (hosts[host]?.silentFor ?? 0)) return unreachable
      const report = journals.get(plan)
      return report ? { kind: 'reported', report } : { kind: 'never-heard' }
    },

    presence: async (host) => (hosts[host]?.answers === 'unreachable' ? 'away' : 'here'),
    look: async () => ({ kind: 'well' }),
  }
}
