/**
 * The lines of an apply's journal. Each is on disk before the deed it announces, so that whoever finds the journal
 * after a crash knows what may have been done. Kinds are only ever added: a newer agent reads an older journal.
 */
import * as z from 'zod/mini'
import {
  ApplyId,
  ApplyOutcome,
  AuthoritySummary,
  CouldNotTell,
  Digest,
  HostId,
  Instant,
  Problem,
  Role,
  ServiceName,
  SiteProbe,
  Subject,
  Verdict,
} from '@fleetmend/shared'

const line = { at: Instant, says: z.string().check(z.describe('For the timeline that people read; empty: not shown.')) }

const Identity = z.strictObject({ pid: z.int(), startTicks: z.int() })

/** A file about to be changed, and where its bytes from before lie. */
export const BeforeImage = z.strictObject({
  path: z.string(),
  image: z.nullable(
    z.string().check(z.regex(/^\d+$/), z.describe('Name in the sealed folder; null: the file did not exist.')),
  ),
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
  modifiedMs: z.number(),
})
export type BeforeImage = z.infer<typeof BeforeImage>

/** The host just before the first change: what is compared with afterwards, and what a rollback returns to. */
export const Baseline = z.strictObject({
  probes: z.array(SiteProbe),
  couldNotTell: z.array(CouldNotTell),
  /** What the plan is to clear, with the role its finding had; null: it did not hold just before. */
  clears: z.array(z.strictObject({ diagnosis: z.string(), subject: Subject, role: z.nullable(Role) })),
  services: z.array(
    z.strictObject({
      service: ServiceName,
      wasUp: z.boolean(),
      configPassed: z.nullable(z.boolean().check(z.describe('null: it was not tested, or could not be.'))),
    }),
  ),
  traffic: z.strictObject({ requests: z.int(), serverErrors: z.int() }),
})
export type Baseline = z.infer<typeof Baseline>

export const JournalEntry = z.discriminatedUnion('entry', [
  z.strictObject({
    entry: z.literal('admitted'),
    ...line,
    apply: ApplyId,
    host: HostId,
    plan: Digest,
    remediations: z.array(z.string()),
    authority: AuthoritySummary,
  }),
  z.strictObject({
    entry: z.literal('intent'),
    ...line,
    baseline: Baseline,
    files: z.array(z.nullable(BeforeImage)).check(z.describe('By change; null for one that is not of a file.')),
    directories: z
      .array(z.string())
      .check(z.describe('Directories that writing will have to make, the outermost first.')),
  }),
  z.strictObject({ entry: z.literal('writing'), ...line, change: z.int() }),
  z.strictObject({ entry: z.literal('changed'), ...line }),
  z.strictObject({ entry: z.literal('acting'), ...line, act: z.int() }),
  /** did: its effect is there · let-go: given up in time, the service runs on as before · failed. */
  z.strictObject({ entry: z.literal('act-ended'), ...line, act: z.int(), came: z.enum(['did', 'let-go', 'failed']) }),
  /** Before SIGSTOP. Without a later `thawed` the master may still be frozen. */
  z.strictObject({
    entry: z.literal('frozen'),
    ...line,
    service: ServiceName,
    master: Identity,
    workers: z.array(Identity),
    log: z.nullable(z.strictObject({ path: z.string(), offset: z.int() })),
  }),
  z.strictObject({ entry: z.literal('thawed'), ...line, service: ServiceName, master: Identity }),
  z.strictObject({ entry: z.literal('acted'), ...line }),
  z.strictObject({ entry: z.literal('watching'), ...line }),
  z.strictObject({ entry: z.literal('note'), ...line }),
  /** A person wants a finished apply undone. Answered by `rolling-back` or `rollback-refused`. */
  z.strictObject({ entry: z.literal('rollback-asked'), ...line, askedBy: AuthoritySummary }),
  z.strictObject({ entry: z.literal('rollback-refused'), ...line, problem: Problem }),
  z.strictObject({
    entry: z.literal('rolling-back'),
    ...line,
    because: z.nullable(Problem),
    verdict: z.nullable(Verdict),
    askedBy: z.nullable(AuthoritySummary),
  }),
  z.strictObject({ entry: z.literal('restoring'), ...line, change: z.int() }),
  z.strictObject({ entry: z.literal('restored'), ...line }),
  z.strictObject({
    entry: z.literal('closed'),
    ...line,
    outcome: ApplyOutcome,
    problem: z.nullable(Problem),
    verdict: z.nullable(Verdict),
  }),
])
export type JournalEntry = z.infer<typeof JournalEntry>

/** An entry of one kind, e.g. `EntryOf<'frozen'>`. */
export type EntryOf<Kind extends JournalEntry['entry']> = Extract<JournalEntry, { entry: Kind }>
