/** What a host is shown by whoever wants it to apply a plan, what it holds against that, and how it answers. */
import type { AuthoritySummary } from '../model/apply.ts'
import type { Digest, HostId } from '../model/ids.ts'
import type { Plan } from '../model/plan.ts'
import type { Policy } from '../model/policy.ts'
import type { Problem } from '../model/problem.ts'
import { problem, type ProblemCode } from '../problems.ts'
import type { Approvers } from './allowed-signers.ts'
import type { Authority } from './authority.ts'

/** What a host is shown, and what it checks that against. */
export interface Presented {
  readonly host: HostId
  /** The id of the fleet that the host is enrolled in. */
  readonly fleet: string | null
  readonly digest: Digest
  readonly authority: Authority
  readonly approvers: Approvers
  readonly nowMs: number
}

/** What the host itself asks for, of this plan. */
export interface Terms {
  readonly plan: Plan
  readonly policy: Policy['approvals']
  /** How often this grant was used on this host in the last hour. */
  readonly grantUses: number
}

export type Authorised = { readonly ok: true; readonly summary: AuthoritySummary } | NotAuthorised

export interface NotAuthorised {
  readonly ok: false
  readonly problem: Problem
}

export function notAuthorised(code: ProblemCode, detail: string): NotAuthorised {
  return { ok: false, problem: problem(code, detail) }
}

/** On the clock of this host, as it is written everywhere. */
export function instantOf(ms: number): string {
  return new Date(ms).toISOString()
}
