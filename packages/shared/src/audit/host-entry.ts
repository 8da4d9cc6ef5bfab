/** What a host puts on record about itself: what was asked of it, and what became of that. No secrets, no text of files. */
import * as z from 'zod/mini'
import { ApplyOutcome, AuthoritySummary } from '../model/apply.ts'
import { ApplyId, Digest, HostId, Instant, RunId } from '../model/ids.ts'

/** Who asks where nobody is known by name: whoever is at the other end of a line. */
export const overTheLine = 'over the line'

const plan = Digest
const host = HostId
const run = z.nullable(RunId)
/** Of a problem. Not the list of those that this version knows: a newer agent may have more. */
const code = z.string().check(z.maxLength(64))
const askedBy = z.string().check(z.maxLength(300))
/** SHA-256 of a file's bytes; null: there is none, or it cannot be read. */
const ofFile = z.nullable(Digest)

export const HostEntry = z.discriminatedUnion('type', [
  /** The first record there is: from here on nothing is missing. */
  z.strictObject({ type: z.literal('began'), host }),
  /** The end of the file was not a whole record: a power cut, or somebody. What stood there is gone. */
  z.strictObject({ type: z.literal('repaired'), lostBytes: z.int(), lost: Digest }),
  z.strictObject({ type: z.literal('enrolled'), host, fleet: z.string(), key: Digest }),
  z.strictObject({ type: z.literal('certificate-renewed'), expiresAt: Instant }),
  /** Who may approve here and what is allowed here is not what it was at the record of this kind before. */
  z.strictObject({ type: z.literal('rules-seen'), approvers: ofFile, policy: ofFile }),
  z.strictObject({ type: z.literal('plan-made'), plan, remediations: z.array(z.string()), askedBy }),
  /** On disk before anything is begun. */
  z.strictObject({
    type: z.literal('apply-admitted'),
    apply: ApplyId,
    plan,
    authority: AuthoritySummary,
    run,
    signed: z.nullable(Digest).check(z.describe('Of the manifest or grant that was signed; null: nobody had to.')),
  }),
  z.strictObject({ type: z.literal('apply-refused'), plan: z.nullable(plan), code, askedBy, run }),
  z.strictObject({
    type: z.literal('apply-ended'),
    apply: ApplyId,
    plan,
    outcome: ApplyOutcome,
    code: z.nullable(code),
  }),
  z.strictObject({ type: z.literal('rollback-asked'), apply: ApplyId, askedBy }),
  /** The controller's own chain, as the controller showed it: it cannot say something else later without being found out. */
  z.strictObject({ type: z.literal('controller-head'), sequence: z.int(), hash: Digest }),
  /** More of this kind came than are kept in an hour; those that follow are not on record until then. */
  z.strictObject({ type: z.literal('left-out'), kind: z.string(), until: Instant }),
])
export type HostEntry = z.infer<typeof HostEntry>
