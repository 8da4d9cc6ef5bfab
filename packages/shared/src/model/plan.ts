/** What one host would do: checks → changes → checks → acts, as data that people read, sign and look up again. */
import * as z from 'zod/mini'
import { SiteProbe, Subject, SuggestedRemediation } from './finding.ts'
import { Digest, HostId, Instant, ServiceName } from './ids.ts'
import { mostApprovals } from './policy.ts'

/**
 * A file as people may know it. `hmac` is keyed with a secret of the host: an unkeyed hash of a file with a password
 * would let anyone test guesses against it.
 */
export const FileState = z.strictObject({
  hmac: z.string().check(z.describe('`hmac-sha256:` and 64 hex digits, over the real bytes.')),
  bytes: z.int(),
  mode: z.string().check(z.regex(/^0[0-7]{3,4}$/)),
  owner: z.string(),
  group: z.string(),
})
export type FileState = z.infer<typeof FileState>

/** Whom a directory belongs to and who may do what in it. */
export const DirectoryState = z.strictObject({
  mode: z.string().check(z.regex(/^0[0-7]{3,4}$/)),
  owner: z.string(),
  group: z.string(),
})
export type DirectoryState = z.infer<typeof DirectoryState>

/**
 * What systemd remembers of a unit beside its files. masked-runtime: masked until the next boot (`systemctl mask
 * --runtime`).
 */
export const UnitSetting = z.enum(['enabled', 'masked', 'masked-runtime'])
export type UnitSetting = z.infer<typeof UnitSetting>

/** A reversible change: before and after. */
export const Change = z.discriminatedUnion('of', [
  z.strictObject({
    of: z.literal('file'),
    path: z.string().check(z.describe('The file itself: links are resolved before a plan is made.')),
    before: z.nullable(FileState).check(z.describe('null: there is no such file.')),
    after: z.nullable(FileState),
    diff: z.string().check(z.describe('Unified diff with secrets hidden; what people see and what the digest covers.')),
  }),
  z.strictObject({ of: z.literal('directory'), path: z.string(), before: DirectoryState, after: DirectoryState }),
  z.strictObject({
    of: z.literal('unit-setting'),
    service: ServiceName,
    setting: UnitSetting,
    before: z.boolean(),
    after: z.boolean(),
  }),
])
export type Change = z.infer<typeof Change>

/** A change of one kind, e.g. `ChangeOf<'file'>`. */
export type ChangeOf<Kind extends Change['of']> = Extract<Change, { of: Kind }>

export function isFileChange(change: Change): change is ChangeOf<'file'> {
  return change.of === 'file'
}

/** Something that must hold before acting. `planned` runs against the planned files, `live` against the written ones. */
export const Check = z.strictObject({
  when: z.enum(['planned', 'live']),
  check: z.enum(['fpm-config', 'nginx-config', 'unit-file']),
  service: ServiceName,
})
export type Check = z.infer<typeof Check>

/** Not reversible, safe to repeat. In the order they are carried out. */
export const Act = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('daemon-reload') }),
  z.strictObject({ act: z.literal('reset-failed'), service: ServiceName }),
  z.strictObject({ act: z.literal('start'), service: ServiceName }),
  /** What a reload cannot do: sockets made anew, limits of processes. */
  z.strictObject({
    act: z.literal('restart'),
    service: ServiceName,
    finishMs: z.exactOptional(
      z
        .int()
        .check(
          z.describe('How long workers of PHP-FPM may take to finish their request first; left out: they are cut off.'),
        ),
    ),
  }),
  z.strictObject({ act: z.literal('reload-nginx'), service: ServiceName }),
  z.strictObject({
    act: z.literal('reload-fpm'),
    service: ServiceName,
    deadlineMs: z
      .int()
      .check(z.describe('After this long the reload lets go: the master runs on with its old configuration.')),
    reloadsNginx: z.exactOptional(
      z
        .literal(true)
        .check(
          z.describe('nginx is reloaded in the middle of it, to give up idle connections that it keeps to workers.'),
        ),
    ),
  }),
])
export type Act = z.infer<typeof Act>

/** Acts by which a service that runs reads its configuration anew. */
export type RereadingAct = Extract<Act, { act: 'reload-fpm' | 'reload-nginx' | 'restart' }>

export function rereadsConfig(act: Act): act is RereadingAct {
  return act.act === 'reload-fpm' || act.act === 'reload-nginx' || act.act === 'restart'
}

/** Those, and what makes one read it that does not run. */
export function readsConfig(act: Act): act is RereadingAct | Extract<Act, { act: 'start' }> {
  return act.act === 'start' || rereadsConfig(act)
}

/** What must be exactly as it was when the plan was made; taken again under the lock just before the first write. */
export const BasisItem = z.discriminatedUnion('of', [
  z.strictObject({ of: z.literal('file'), path: z.string(), state: z.nullable(FileState) }),
  z.strictObject({ of: z.literal('directory'), path: z.string(), state: DirectoryState }),
  z.strictObject({
    of: z.literal('unit'),
    service: ServiceName,
    activeState: z.string(),
    unitFileState: z.string(),
    loadState: z.string(),
  }),
  z.strictObject({
    of: z.literal('master'),
    service: ServiceName,
    pid: z.int(),
    startTicks: z
      .int()
      .check(z.describe('Start time in clock ticks since boot: with the pid, the identity of a process.')),
  }),
])
export type BasisItem = z.infer<typeof BasisItem>

/** A bound that must still hold, evaluated again instead of compared. */
export const Guard = z.discriminatedUnion('guard', [
  z.strictObject({ guard: z.literal('memory-available'), atLeastMiB: z.int() }),
  /** A reload of nginx that the plan makes in passing loads nothing that somebody else wrote. */
  z.strictObject({ guard: z.literal('nginx-loaded') }),
])
export type Guard = z.infer<typeof Guard>

/** What one remediation contributes, in words. */
export const PlannedRemediation = z.strictObject({
  id: z.string(),
  input: SuggestedRemediation.shape.input,
  because: z.string(),
  arithmetic: z.array(z.string()).check(z.describe('How a computed value came about, a line each.')),
})
export type PlannedRemediation = z.infer<typeof PlannedRemediation>

/** The remediation that takes back what an apply changed: by its id a run that is rolled back asks for it. */
export const undoRemediation = 'undo-apply'

/**
 * What a plan takes back had mended something, which may be broken again afterwards: that is no reason to put the plan back.
 * Everything else that fails afterwards is.
 */
export const MayReturn = z.strictObject({
  findings: z
    .array(z.strictObject({ diagnosis: z.string(), subject: Subject }))
    .check(z.describe('What was cleared then, and had held.')),
  probes: z.array(
    z.strictObject({
      site: SiteProbe.shape.site,
      over: SiteProbe.shape.over,
      upstream: z.exactOptional(z.string()),
      before: z
        .enum(['failed', 'not-asked'])
        .check(
          z.describe('failed: it may fail again · not-asked: there was no such probe, and there may be none again.'),
        ),
    }),
  ),
  visitorsFailed: z
    .boolean()
    .check(
      z.describe('Requests of visitors failed then, so that 5xx answers are told and say nothing against the plan.'),
    ),
})
export type MayReturn = z.infer<typeof MayReturn>

/** The document whose canonical JSON is the plan's digest. */
export const Plan = z.strictObject({
  format: z.literal('fleetmend.plan/1'),
  host: HostId,
  nonce: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  madeAt: Instant,
  expiresAt: Instant,
  remediations: z.array(PlannedRemediation),
  clears: z.array(z.strictObject({ diagnosis: z.string(), subject: Subject })),
  mayReturn: z.exactOptional(MayReturn),
  checks: z.array(Check),
  changes: z.array(Change),
  acts: z.array(Act),
  disturbs: z.array(z.string()).check(z.describe('What requests will notice, a sentence each; empty: nothing.')),
  warnings: z.array(z.string()),
  basis: z.strictObject({ exact: z.array(BasisItem), guards: z.array(Guard) }),
  watchMs: z.int().check(z.describe('How long the host is watched after acting, before the outcome is final.')),
})
export type Plan = z.infer<typeof Plan>

/** A plan with its digest and with forecasts, which are about a moment and so stand outside the digest. */
export const PlanRecord = z.strictObject({
  digest: Digest,
  plan: Plan,
  forecast: z.array(z.string()),
  approvalsNeeded: z.exactOptional(
    // As many as a policy can ask for: no host can keep a run from ever being approved.
    z
      .int()
      .check(
        z.minimum(1),
        z.maximum(mostApprovals),
        z.describe('Different people whose approval this host asks for; left out: one.'),
      ),
  ),
  requesterMayApprove: z.exactOptional(
    z.boolean().check(z.describe('false: this host does not count whoever asked for it, who signs the request.')),
  ),
})
export type PlanRecord = z.infer<typeof PlanRecord>

/** What a host answers when asked for a plan. */
export const PlanAnswer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('planned'), record: PlanRecord }),
  z.strictObject({ kind: z.literal('nothing-to-do'), because: z.string() }),
  z.strictObject({ kind: z.literal('refused'), because: z.string(), toDo: z.string() }),
])
export type PlanAnswer = z.infer<typeof PlanAnswer>

/** The document printed by `plan --json`. */
export const PlanDocument = z.strictObject({
  format: z.literal('fleetmend.plan/1'),
  plans: z.array(PlanRecord),
  without: z.array(z.strictObject({ host: HostId, because: z.string(), toDo: z.optional(z.string()) })),
})
export type PlanDocument = z.infer<typeof PlanDocument>
