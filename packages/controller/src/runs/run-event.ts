/**
 * Everything that can happen to a run. The list of its events is the run's history and its audit trail; the run itself
 * follows from them. Instants, ids and answers of hosts arrive here, so that the engine needs no clock and no world.
 */
import {
  ApplyReport,
  Asked,
  HostId,
  Instant,
  Manifest,
  PlanRecord,
  Problem,
  RunApproval,
  RunBreakGlass,
  RunId,
  RunLimits,
  RunTerms,
  Follows,
  HeldBack,
  SignedGrant,
  WavePlan,
  Digest,
} from '@fleetmend/shared'
import * as z from 'zod/mini'

const at = Instant
const by = Manifest.shape.requester
const host = HostId
// As strict as in the manifest that some of them end up in.
const reason = Manifest.shape.reason

export const Started = z.strictObject({
  type: z.literal('started'),
  at,
  run: RunId,
  by,
  reason,
  asked: Asked,
  hosts: z.array(HostId).check(z.minLength(1)),
  waves: WavePlan,
  limits: RunLimits,
  terms: z.exactOptional(RunTerms),
  follows: z.exactOptional(Follows),
  canaries: z.exactOptional(
    z.array(HostId).check(z.describe('Those of its hosts that have the labels of canaries, as they were then.')),
  ),
})
export type Started = z.infer<typeof Started>

/** What a person did. Refused, and not recorded, where the run is not waiting for it. */
export const PersonEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('approved'), at, digest: Digest, approval: RunApproval }),
  z.strictObject({ type: z.literal('request-signed'), at, digest: Digest, request: RunApproval }),
  z.strictObject({ type: z.literal('glass-broken'), at, digest: Digest, breakGlass: RunBreakGlass }),
  z.strictObject({ type: z.literal('grant-presented'), at, by, grant: SignedGrant }),
  z.strictObject({ type: z.literal('denied'), at, by, reason }),
  z.strictObject({ type: z.literal('apply-started'), at, by }),
  z.strictObject({ type: z.literal('paused'), at, by, reason }),
  z.strictObject({ type: z.literal('resumed'), at, by }),
  z.strictObject({ type: z.literal('promoted'), at, by, group: Digest }),
  z.strictObject({ type: z.literal('aborted'), at, by, reason }),
])
export type PersonEvent = z.infer<typeof PersonEvent>

/** What the world answered. One that comes twice or too late changes nothing and is not recorded. */
export const WorldEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('host-planned'), at, host, record: PlanRecord }),
  z.strictObject({ type: z.literal('host-has-nothing-to-do'), at, host, because: z.string() }),
  z.strictObject({ type: z.literal('host-refused-to-plan'), at, host, because: z.string(), toDo: z.string() }),
  z.strictObject({
    type: z.literal('host-not-reached'),
    at,
    host,
    how: z.enum(['unreachable', 'timed-out']),
    says: z.string(),
  }),
  z.strictObject({ type: z.literal('approval-asked'), at, manifest: Manifest }),
  z.strictObject({ type: z.literal('host-applied'), at, host, report: ApplyReport }),
  z.strictObject({ type: z.literal('host-refused-to-apply'), at, host, problem: Problem }),
  z.strictObject({ type: z.literal('host-lost'), at, host, says: z.string() }),
  z.strictObject({
    type: z.literal('host-answered'),
    at,
    host,
    report: z.nullable(ApplyReport).check(z.describe('From its journal; null: it never heard of this apply.')),
  }),
  z.strictObject({
    type: z.literal('host-silent'),
    at,
    host,
    says: z.string(),
    code: z.exactOptional(Problem.shape.code),
  }),
  /** It answered, with what makes no sense or what cannot be true. */
  z.strictObject({ type: z.literal('host-not-believed'), at, host, problem: Problem }),
  /** There is room for them. From here on each is told to apply. */
  z.strictObject({ type: z.literal('hosts-begun'), at, hosts: z.array(HostId).check(z.minLength(1)) }),
  /** There is no room yet for anybody whose turn it is; none: what held them back is over. */
  z.strictObject({ type: z.literal('held-back'), at, because: z.array(HeldBack) }),
  z.strictObject({ type: z.literal('host-back'), at, host }),
  z.strictObject({
    type: z.literal('wave-watched'),
    at,
    group: Digest,
    wave: z.int(),
    unwell: z.array(z.strictObject({ host, says: z.string() })),
  }),
  z.strictObject({ type: z.literal('expired'), at }),
])
export type WorldEvent = z.infer<typeof WorldEvent>

export const RunEvent = z.union([Started, PersonEvent, WorldEvent])
export type RunEvent = z.infer<typeof RunEvent>

/** An event at its place in the history of all runs; the hash of this, as canonical JSON, is what the next one holds. */
export const RecordedEvent = z.strictObject({
  format: z.literal('fleetmend.event/1'),
  sequence: z.int().check(z.positive()),
  run: RunId,
  revision: z.int().check(z.positive(), z.describe('The place of the event within its run.')),
  at: Instant,
  previous: z.nullable(Digest),
  event: RunEvent,
})
export type RecordedEvent = z.infer<typeof RecordedEvent> & { readonly hash: Digest }

/** The person who did it, if one did. */
export function personOfEvent(event: RunEvent): string | null {
  if ('by' in event) return event.by
  switch (event.type) {
    case 'approved':
      return event.approval.principal
    case 'request-signed':
      return event.request.principal
    case 'glass-broken':
      return event.breakGlass.principal
    default:
      return null
  }
}

/** The host that an event is about, if it is about one. */
export function hostOfEvent(event: RunEvent): HostId | null {
  return 'host' in event ? event.host : null
}
