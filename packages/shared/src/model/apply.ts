/** What became of a plan on its host: phases while it runs, one outcome at the end, and a timeline for people. */
import * as z from 'zod/mini'
import { CouldNotTell, Finding, SiteProbe } from './finding.ts'
import { ApplyId, Digest, HostId, Instant } from './ids.ts'
import { exitCodes, type ExitCode } from '../problems.ts'
import { Problem } from './problem.ts'

/** Each is on disk before the deeds that follow it. */
export const ApplyPhase = z.enum(['intent', 'changed', 'acted', 'watching', 'rolling-back', 'closed'])
export type ApplyPhase = z.infer<typeof ApplyPhase>

/**
 * fixed: the diagnosis is clear and probes pass · cleared-still-failing: clear, but a probe that failed before still
 * fails for another reason · inconclusive: too little traffic to judge; the change stays · rolled-back: as before ·
 * not-fixed: nothing to roll back and not clear · refused: nothing was begun · stuck: a person must look.
 */
export const ApplyOutcome = z.enum([
  'fixed',
  'cleared-still-failing',
  'inconclusive',
  'rolled-back',
  'not-fixed',
  'refused',
  'stuck',
])
export type ApplyOutcome = z.infer<typeof ApplyOutcome>

export const TimelineEntry = z.strictObject({ at: Instant, says: z.string() })
export type TimelineEntry = z.infer<typeof TimelineEntry>

/** What was seen when the host was looked at again. */
export const Verdict = z.strictObject({
  cleared: z.boolean(),
  says: z.string(),
  probesBefore: z.array(SiteProbe),
  probesAfter: z.array(SiteProbe),
  remaining: z.array(Finding),
  couldNotTell: z.array(CouldNotTell),
  watch: z.nullable(
    z.strictObject({
      requests: z.int(),
      serverErrors: z.int(),
      serverErrorShareBefore: z.nullable(z.number()),
      says: z.string(),
    }),
  ),
})
export type Verdict = z.infer<typeof Verdict>

/** Who allowed it, as recorded with the apply. */
export const AuthoritySummary = z.strictObject({
  kind: z.enum(['approval', 'break-glass', 'grant', 'local-root']),
  by: z.array(z.string()),
  run: z.optional(z.string()),
  grant: z.optional(z.string()),
  reason: z.optional(z.string()).check(z.describe('Why one person went ahead alone: only where the glass was broken.')),
})
export type AuthoritySummary = z.infer<typeof AuthoritySummary>

export const ApplyReport = z.strictObject({
  apply: ApplyId,
  host: HostId,
  plan: Digest,
  remediations: z.array(z.string()),
  authority: AuthoritySummary,
  phase: ApplyPhase,
  outcome: z.nullable(ApplyOutcome),
  startedAt: Instant,
  endedAt: z.nullable(Instant),
  timeline: z.array(TimelineEntry),
  verdict: z.nullable(Verdict),
  problem: z.nullable(Problem),
})
export type ApplyReport = z.infer<typeof ApplyReport>

/** What an outcome means for the exit code; a refusal with a problem exits as that problem does. */
export const outcomeExits: Readonly<Record<ApplyOutcome, ExitCode>> = {
  fixed: exitCodes.done,
  inconclusive: exitCodes.done,
  'cleared-still-failing': exitCodes.someFailed,
  'not-fixed': exitCodes.someFailed,
  stuck: exitCodes.someFailed,
  'rolled-back': exitCodes.rolledBack,
  refused: exitCodes.refused,
}

export const ApplyDocument = z.strictObject({ format: z.literal('fleetmend.apply/1'), applies: z.array(ApplyReport) })
export type ApplyDocument = z.infer<typeof ApplyDocument>
