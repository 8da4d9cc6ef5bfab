/** A run over a set of hosts, as the engine keeps it and people see it: plain data, one state for the run, one per host. */
import * as z from 'zod/mini'
import { SignedGrant } from '../approval/authority.ts'
import { WavePlan, Manifest } from '../approval/manifest.ts'
import { ApplyPhase, ApplyReport, TimelineEntry } from './apply.ts'
import { SuggestedRemediation } from './finding.ts'
import { ApplyId, Digest, HostId, Instant, RunId } from './ids.ts'
import { PlanRecord } from './plan.ts'
import { Problem } from './problem.ts'
import { RunNow } from './run-now.ts'
import { RunHostState, RunState } from './run-states.ts'
import { ZonedWindow } from './zoned-window.ts'

export const RunHost = z.strictObject({
  id: HostId,
  state: RunHostState,
  says: z
    .nullable(z.string())
    .check(z.describe('Why it is in this state, where there is more to say than the state itself.')),
  code: z
    ._default(z.nullable(Problem.shape.code), null)
    .check(z.describe('Of the problem that it is in this state for; null: there is none.')),
  plan: z.nullable(Digest),
  group: z.nullable(Digest).check(z.describe('The change group: the digest of what all its plans have in common.')),
  apply: z.nullable(ApplyId),
  probesPass: z.boolean().check(z.describe('After the apply every site of the changed services answered when asked.')),
  attempts: z
    .int()
    .check(z.describe('How often the host was asked to apply and turned out never to have heard of it.')),
  wave: z.exactOptional(
    z.int().check(z.nonnegative(), z.describe('Of its group, the last that it was part of: 0 is the canary.')),
  ),
})
export type RunHost = z.infer<typeof RunHost>

/** Hosts whose plans are the same remediations, the same public diffs and the same acts: judged once, as one. */
export const ChangeGroup = z.strictObject({
  key: Digest,
  hosts: z.array(HostId),
  remediations: z.array(SuggestedRemediation),
  promoted: z
    .nullable(
      z.strictObject({
        by: z.string(),
        at: Instant,
        wave: z._default(z.int(), 1).check(z.describe('The wave that they let begin.')),
      }),
    )
    .check(z.describe('A person let the next wave begin, though the one before told too little, or to go on at all.')),
  watched: z.exactOptional(
    z
      .strictObject({
        wave: z.int().check(z.nonnegative()),
        until: Instant,
        unwell: z.nullable(z.array(z.strictObject({ host: HostId, says: z.string() }))),
      })
      .check(z.describe('The wave that must be well until then, and who was not; null: it is not over.')),
  ),
})
export type ChangeGroup = z.infer<typeof ChangeGroup>

/** What every host of the run is asked to plan. */
export const Asked = z.strictObject({
  want: z.union([z.literal('for-findings'), z.array(SuggestedRemediation).check(z.minLength(1))]),
  alsoRisks: z.exactOptional(z.boolean().check(z.describe('Risks too, when planning for findings.'))),
  startStopped: z.exactOptional(z.boolean().check(z.describe('Start what a person stopped.'))),
  watchMs: z.exactOptional(z.int().check(z.nonnegative())),
})
export type Asked = z.infer<typeof Asked>

/** What bounds a run besides its waves. Counted over the whole run, not per wave. */
export const RunLimits = z.strictObject({
  stopAtFailures: z.int().check(z.positive(), z.describe('No further host begins once this many have failed.')),
  stopAtUnreachable: z.exactOptional(
    z.int().check(z.positive(), z.describe('So many could not be reached; left out: they count as failed.')),
  ),
  stopAtRolledBack: z.exactOptional(
    z.int().check(z.positive(), z.describe('So many rolled back by themselves; left out: they count as failed.')),
  ),
  hostsAtOnce: z.exactOptional(
    z.int().check(z.positive(), z.describe('Hosts of the run that may be at work at the same time.')),
  ),
  groupsAtOnce: z.int().check(z.positive(), z.describe('Change groups that may have hosts at work at the same time.')),
  approvalsNeeded: z
    .int()
    .check(z.positive(), z.describe('Different people who must sign before it can begin; a host may ask for more.')),
  requesterMayApprove: z.exactOptional(
    z.boolean().check(z.describe('false: a host does not count whoever asked, who then signs the request.')),
  ),
})
export type RunLimits = z.infer<typeof RunLimits>

/** A signature of the manifest, already checked by whoever took it; the hosts check it again. */
export const RunApproval = z.strictObject({
  principal: z.string(),
  fingerprint: z.string().check(z.describe('Of the key: `SHA256:…`, as `ssh-keygen -l` prints it.')),
  signature: z.string(),
  at: Instant,
})
export type RunApproval = z.infer<typeof RunApproval>

/** One person went ahead alone. What was signed holds the reason too. */
export const RunBreakGlass = z.extend(RunApproval, { reason: Manifest.shape.reason })
export type RunBreakGlass = z.infer<typeof RunBreakGlass>

/** When hosts may be begun, what becomes of those that are not there, and until when all of it is worth anything. */
export const RunTerms = z.strictObject({
  windows: z.exactOptional(
    z
      .array(ZonedWindow)
      .check(z.minLength(1), z.maxLength(50), z.describe('Hosts begin only while one of them is open.')),
  ),
  deadline: z.exactOptional(Instant.check(z.describe('No host begins from then on; part of what is signed.'))),
  awaitHostsUntil: z.exactOptional(
    Instant.check(
      z.describe('Until then hosts that are not connected are waited for; left out: they are passed over at once.'),
    ),
  ),
})
export type RunTerms = z.infer<typeof RunTerms>

/** A run that takes up hosts of another one. */
export const Follows = z.strictObject({ run: RunId, as: z.enum(['retry', 'rollback']) })
export type Follows = z.infer<typeof Follows>

/** Why hosts whose turn it is may not begin yet. */
export const HeldBack = z.strictObject({
  hosts: z.array(HostId).check(z.minLength(1)),
  says: z.string(),
  behind: z.nullable(RunId).check(z.describe('The run that has these hosts, or the room for them.')),
})
export type HeldBack = z.infer<typeof HeldBack>

export const Run = z.strictObject({
  id: RunId,
  requester: z.string(),
  reason: z.string(),
  asked: Asked,
  waves: WavePlan,
  limits: RunLimits,
  terms: z._default(RunTerms, {}),
  follows: z._default(z.nullable(Follows), null),
  canaries: z._default(z.array(HostId), []).check(z.describe('Hosts with the labels that canaries should have.')),
  heldBack: z._default(z.array(HeldBack), []).check(z.describe('The queue: who waits for what, outside of this run.')),
  state: RunState,
  startedAt: Instant,
  endedAt: z.nullable(Instant),
  hosts: z.array(RunHost).check(z.describe('Sorted by id.')),
  groups: z.array(ChangeGroup),
  plansExpireAt: z.nullable(Instant).check(z.describe('When the first of the plans is too old for its host.')),
  manifest: z.nullable(Manifest),
  request: z.nullable(RunApproval).check(z.describe('Signed by whoever asked: needed where they may not approve.')),
  approvals: z.array(RunApproval),
  breakGlass: z.nullable(RunBreakGlass),
  grant: z.nullable(SignedGrant).check(z.describe('Signed in advance; each host counts how often it is used there.')),
  stopping: z.nullable(
    z.strictObject({
      to: z.enum(['halted', 'aborted', 'denied', 'expired']),
      by: z.nullable(z.string()).check(z.describe('The person who stopped it; null where it stopped itself.')),
      says: z.string(),
    }),
  ),
  notes: z.array(TimelineEntry).check(z.describe('What the engine decided on its own, for people.')),
})
export type Run = z.infer<typeof Run>

/** A run that took up hosts of this one. */
export const Follower = z.strictObject({ run: RunId, as: Follows.shape.as, state: RunState })
export type Follower = z.infer<typeof Follower>

/** A run with the documents it refers to. */
export const RunView = z.strictObject({
  run: Run,
  plans: z.array(PlanRecord),
  reports: z.array(ApplyReport),
  followedBy: z.exactOptional(z.array(Follower).check(z.describe('The oldest first; left out: none.'))),
})
export type RunView = z.infer<typeof RunView>

/** One line of a run's history, in words. Its place in the chain is proved by `previous` and `hash`. */
export const RunEventView = z.strictObject({
  sequence: z.int(),
  run: RunId,
  at: Instant,
  type: z.string(),
  host: z.nullable(HostId),
  by: z.nullable(z.string()),
  says: z.string(),
  previous: z.nullable(Digest),
  hash: Digest,
})
export type RunEventView = z.infer<typeof RunEventView>

/** As it is told afterwards: with the hosts that it is about, where they are several. */
export const RunStoryEvent = z.extend(RunEventView, { hosts: z.array(HostId) })
export type RunStoryEvent = z.infer<typeof RunStoryEvent>

/** What an event changed of one host, for whoever counts along. */
export const RunHostNews = z.strictObject({
  id: HostId,
  state: RunHostState,
  group: z.nullable(Digest),
  wave: z.exactOptional(z.int()),
  was: z.exactOptional(RunHostState.check(z.describe('Its state before; left out where there was none.'))),
  does: z.exactOptional(z.string().check(z.describe('What its plan does, where it has just made it.'))),
  traffic: z.exactOptional(
    z
      .strictObject({ requests: z.int(), serverErrors: z.int(), serverErrorShareBefore: z.nullable(z.number()) })
      .check(z.describe('What its sites answered while it was watched.')),
  ),
})
export type RunHostNews = z.infer<typeof RunHostNews>

/**
 * What is shown while it happens: an event that was recorded, or the words of a host at work, which its journal keeps. Before
 * any of it, for whoever asks not to be told what was: how it stands.
 */
export const RunNews = z.discriminatedUnion('news', [
  z.strictObject({ news: z.literal('now'), now: RunNow }),
  z.strictObject({
    news: z.literal('event'),
    event: RunEventView,
    state: RunState,
    hosts: z._default(z.array(RunHostNews), []).check(z.describe('Those that it changed.')),
    waitsFor: z._default(z.array(z.string()), []).check(z.describe('What goes on by itself once it is there.')),
  }),
  z.strictObject({ news: z.literal('progress'), run: RunId, host: HostId, phase: ApplyPhase, entry: TimelineEntry }),
])
export type RunNews = z.infer<typeof RunNews>
