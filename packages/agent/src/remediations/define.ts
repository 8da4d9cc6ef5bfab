/**
 * What a remediation is: an id, an exact input, words, and a pure function from facts to a draft. It has no apply and no
 * rollback of its own: those are one function each, for all plans (DESIGN D1).
 */
import type { Act, BasisItem, Change, Check, Guard, Plan } from '@fleetmend/shared'
import type * as z from 'zod/mini'
import type { Splice } from '../readings/splice.ts'
import type { HostFacts } from '../survey/host-facts.ts'

/** An edit of one file, made against the text that the facts were read from, or a file to be created. */
export type FileEdit =
  | { readonly edit: 'splice'; readonly path: string; readonly splices: readonly Splice[] }
  | { readonly edit: 'create'; readonly path: string; readonly text: string; readonly mode: number }
  /** All of it, also lines that nobody is shown; `after` null: the file is to be gone. Only for what was there before. */
  | { readonly edit: 'replace'; readonly path: string; readonly before: string; readonly after: string | null }

export interface Draft {
  readonly kind: 'draft'
  readonly because: string
  readonly arithmetic: readonly string[]
  readonly edits: readonly FileEdit[]
  /** Changes of anything but files; left out: none. */
  readonly besides?: readonly Exclude<Change, { of: 'file' }>[]
  readonly checks: readonly Check[]
  readonly acts: readonly Act[]
  readonly clears: Plan['clears']
  /** Only of what takes back what had mended something. */
  readonly mayReturn?: NonNullable<Plan['mayReturn']>
  readonly disturbs: readonly string[]
  readonly warnings: readonly string[]
  /** Beyond the files it edits, which are always part of the basis. */
  readonly basis: readonly BasisItem[]
  readonly guards: readonly Guard[]
  /** About this moment; shown, not signed. */
  readonly forecast: readonly string[]
}

export type Drafted =
  | Draft
  | { readonly kind: 'nothing-to-do'; readonly because: string }
  | { readonly kind: 'refused'; readonly because: string; readonly toDo: string }

export interface Remediation<Schema extends z.ZodMiniType = z.ZodMiniType> {
  /** Permanent, kebab-case. */
  readonly id: string
  readonly title: string
  /** When it is the right thing, and what it does, for its page. */
  readonly meaning: string
  /** The most that visitors can notice of it; each plan says what it disturbs on its host. */
  readonly disturbs: string
  /** What a rollback does, and what it cannot. */
  readonly undone: string
  readonly input: Schema
  /** Diagnoses that it can clear. */
  readonly clears: readonly string[]
  /** The same by hand, for the person who would rather. */
  readonly byHand: string
  draft(facts: HostFacts, input: z.output<Schema>): Drafted
}

export function defineRemediation<Schema extends z.ZodMiniType>(remediation: Remediation<Schema>): Remediation<Schema> {
  return remediation
}
