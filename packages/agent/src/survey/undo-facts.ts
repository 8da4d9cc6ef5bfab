/** What an apply of this host changed, beside how it is now: what an undo of it rests on. Values only, read when it is asked for. */
import type { ApplyId, ApplyOutcome, Change, Finding, Plan, SiteProbe } from '@fleetmend/shared'

export type UndoFacts =
  | { readonly known: true; readonly value: AppliedFacts }
  | { readonly known: false; readonly says: string; readonly toDo: string }

export interface AppliedFacts {
  readonly apply: ApplyId
  /** The run that it was a part of; null: it was applied on the host itself, or by a grant. */
  readonly run: string | null
  readonly startedAt: string
  /** Null: it is not closed. */
  readonly outcome: ApplyOutcome | null
  readonly plan: Plan
  /** The host just before it; null: it never came to a change. */
  readonly before: BeforeApply | null
  readonly changes: readonly AppliedChange[]
  /** Folders that writing had to make, the outermost first. */
  readonly made: readonly string[]
  /** What services that run or would start say of the files from before; none: they accept them, or were not asked. */
  readonly refusals: readonly { readonly service: string; readonly says: string }[]
}

export interface BeforeApply {
  readonly probes: readonly SiteProbe[]
  /** What was to be cleared, with the role its finding had; null: it did not hold. */
  readonly clears: readonly (Pick<Finding, 'diagnosis' | 'subject'> & { readonly role: Finding['role'] | null })[]
  readonly services: readonly { readonly service: string; readonly wasUp: boolean }[]
  readonly traffic: { readonly requests: number; readonly serverErrors: number }
}

export interface AppliedChange {
  /** As it was planned then. */
  readonly change: Change
  /** after: as it was left · before: as it had been before it · neither: by another hand · unknown: it cannot be read. */
  readonly now: 'before' | 'after' | 'neither' | 'unknown'
  /** Where it is not as it was left: what is known of that, as a sentence. */
  readonly says: string
  /** The later apply that made it what it is now; null: none. */
  readonly changedBy: LaterApply | null
  /** Of a file. */
  readonly file: AppliedFile | null
}

export interface LaterApply {
  readonly apply: ApplyId
  readonly run: string | null
  readonly remediations: readonly string[]
}

export interface AppliedFile {
  /** As the configuration names it; the change has the file itself. */
  readonly named: string
  /** Byte text; null: there was no such file, or its bytes are gone. */
  readonly before: string | null
  /** It was there, and its bytes from before are not kept any more. */
  readonly isLost: boolean
  /** Null: there is no such file now. */
  readonly now: string | null
}
