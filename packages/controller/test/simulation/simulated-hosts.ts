/**
 * The hosts of a simulation: each makes plans of its own, takes an apply only with signatures that people really made, does
 * one at a time, and keeps a journal. What really happened is kept beside it, for whoever checks.
 */
import {
  digestOf,
  isInTree,
  manifestDigest,
  problem,
  type ApplyOutcome,
  type ApplyReport,
  type Digest,
  type HostId,
  type PlanAnswer,
  type PlanRecord,
  type Problem,
  type RemoteAuthority,
  type RunId,
} from '@fleetmend/shared'
import { planOf, reportOf, sampleChanges } from '../sample-run.ts'
import type { Chance } from './chance.ts'
import type { Timeline } from './timeline.ts'

/** An apply that really began on a host. */
export interface Begun {
  readonly host: HostId
  readonly plan: Digest
  readonly run: RunId
  readonly signers: number
}

export interface SimulatedHost {
  readonly id: HostId
  isAway: boolean
  isRemoved: boolean
  /** Counts its connections: what was under way on an earlier one is lost. */
  line: number
  /** Breaks the connection of now. */
  cut(): void
  untilCut(): Promise<void>
  plan(): PlanAnswer
  /** A report once it is done, or why nothing was begun. */
  apply(plan: Digest, authority: RemoteAuthority): Promise<ApplyReport> | Problem
  /** Finished or not; null: it never heard of it. */
  report(plan: Digest): ApplyReport | null
}

export interface HostsOptions {
  readonly chance: Chance
  readonly timeline: Timeline
  /** How often an apply goes wrong. */
  readonly mishaps: number
  readonly begun: (begun: Begun) => void
  readonly ended: (begun: Begun, outcome: ApplyOutcome, probesPass: boolean) => void
}

const goodOutcomes = ['fixed', 'fixed', 'fixed', 'cleared-still-failing', 'inconclusive'] as const
const badOutcomes = ['rolled-back', 'rolled-back', 'not-fixed', 'refused', 'stuck'] as const

export function simulatedHost(id: HostId, { chance, timeline, mishaps, begun, ended }: HostsOptions): SimulatedHost {
  let cutting = Promise.withResolvers<void>()
  const plans = new Map<Digest, PlanRecord>()
  /** Plans that are stale by the time they are to be applied. */
  const edited = new Set<Digest>()
  const journal = new Map<Digest, ApplyReport>()
  const atWork = new Map<Digest, Promise<ApplyReport>>()
  const change = chance.is(0.7) ? sampleChanges[0] : chance.one(sampleChanges)

  const work = (record: PlanRecord, it: Begun): Promise<ApplyReport> => {
    const { promise, resolve } = Promise.withResolvers<ApplyReport>()
    journal.set(record.digest, reportOf(record, null))
    atWork.set(record.digest, promise)
    begun(it)
    timeline.after(chance.between(500, chance.is(0.1) ? 600_000 : 90_000), () => {
      const outcome = chance.is(mishaps) ? chance.one(badOutcomes) : chance.one(goodOutcomes)
      const probesPass = chance.is(0.6)
      const report = reportOf(record, outcome, {
        ...(outcome === 'refused' ? { code: chance.is(0.5) ? 'plan-is-stale' : 'check-failed' } : {}),
        probesPass,
      })
      journal.set(record.digest, report)
      atWork.delete(record.digest)
      ended(it, outcome, probesPass)
      resolve(report)
    })
    return promise
  }

  return {
    id,
    isAway: false,
    isRemoved: false,
    line: 0,
    cut() {
      this.line++
      cutting.resolve()
      cutting = Promise.withResolvers()
    },
    untilCut: () => cutting.promise,

    plan() {
      if (chance.is(0.1)) return { kind: 'nothing-to-do', because: 'Healthy.' }
      if (chance.is(0.05)) return { kind: 'refused', because: 'No memory.', toDo: 'Add some.' }
      const { plan } = planOf(id, change)
      const nonce = digestOf(`${id} ${plans.size}`).slice('sha256:'.length, 'sha256:'.length + 32)
      const madeMs = timeline.nowMs()
      const fresh = {
        ...plan,
        nonce,
        madeAt: new Date(madeMs).toISOString(),
        expiresAt: new Date(madeMs + planLifeMs).toISOString(),
      }
      const approvalsNeeded = chance.is(0.1) ? 2 : 1
      const record = { digest: digestOf(fresh), plan: fresh, forecast: [], approvalsNeeded }
      plans.set(record.digest, record)
      if (chance.is(mishaps / 2)) edited.add(record.digest)
      return { kind: 'planned', record }
    },

    apply(digest, authority) {
      const record = plans.get(digest)
      if (!record) return problem('unknown-plan', 'No such plan.')
      const running = atWork.get(digest)
      if (running) return running
      if (journal.has(digest)) return problem('plan-used', 'That plan was used.')
      const signers = signersOf(record, authority)
      if (authority.kind === 'grant' || signers < (record.approvalsNeeded ?? 1))
        return problem('not-approved', 'Too few have signed this.')
      const now = new Date(timeline.nowMs()).toISOString()
      if (now >= authority.manifest.notAfter) return problem('approval-expired', 'That approval ran out.')
      if (atWork.size > 0) return problem('apply-in-progress', 'Another apply is running.')
      if (edited.has(digest)) return problem('plan-is-stale', 'A file was edited.')
      return work(record, { host: id, plan: digest, run: authority.manifest.run, signers })
    },

    report: (digest) => journal.get(digest) ?? null,
  }
}

const planLifeMs = 60 * 60_000

/** What a person signs here: their name and what they saw. */
export function signatureOf(principal: string, digest: Digest): string {
  return `${principal} signed ${digest}`
}

/** How many different people signed exactly this plan. */
function signersOf({ digest, plan }: PlanRecord, authority: RemoteAuthority): number {
  if (authority.kind !== 'approval') return 0
  const { manifest, proof, signatures } = authority
  if (!isInTree({ host: plan.host, digest }, proof, manifest.root)) return 0
  const expected = manifestDigest(manifest)
  const people = signatures.flatMap((each) => (each.endsWith(` signed ${expected}`) ? each.split(' ')[0] : []))
  return new Set(people).size
}
