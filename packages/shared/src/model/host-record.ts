/** What a controller knows about a host besides what the host itself says, and the labels that people select hosts by. */
import * as z from 'zod/mini'
import { HostAlarm } from '../audit/signed-head.ts'
import { Digest, HostId, Instant } from './ids.ts'
import type { Problem } from './problem.ts'

const labelName = '[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?'
const dnsName = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*'

/** As in Kubernetes: an optional DNS prefix and a slash, then up to 63 letters, digits, `-`, `_`, `.`. */
export const LabelKey = z.string().check(z.maxLength(317), z.regex(new RegExp(`^(${dnsName}/)?${labelName}$`)))
export type LabelKey = z.infer<typeof LabelKey>

/** Up to 63 letters, digits, `-`, `_`, `.`; may be empty. */
export const LabelValue = z.string().check(z.regex(new RegExp(`^(${labelName})?$`)))
export type LabelValue = z.infer<typeof LabelValue>

export const Labels = z.record(LabelKey, LabelValue)
export type Labels = z.infer<typeof Labels>

const SshPlace = z.strictObject({
  user: z.string().check(z.minLength(1), z.maxLength(64)),
  host: z.string().check(z.minLength(1), z.maxLength(253)),
  port: z.int().check(z.minimum(1), z.maximum(65_535)),
})
export type SshPlace = z.infer<typeof SshPlace>

const hostKey = z
  .string()
  .check(
    z.maxLength(2048),
    z.describe('As in known_hosts: its type and the key. Pinned: whoever shows another is not it.'),
  )
const PinnedSshPlace = z.strictObject({ ...SshPlace.shape, hostKey })
export type PinnedSshPlace = z.infer<typeof PinnedSshPlace>

/** How a controller comes to a host that does not dial out. */
export const SshWay = z.strictObject({
  ...PinnedSshPlace.shape,
  jumps: z.array(PinnedSshPlace).check(z.maxLength(8), z.describe('Hosts to go through, the nearest first.')),
})
export type SshWay = z.infer<typeof SshWay>

/** What a person asks for, before any key was seen. */
export const SshWayAsked = z.strictObject({ ...SshPlace.shape, jumps: z.array(SshPlace).check(z.maxLength(8)) })
export type SshWayAsked = z.infer<typeof SshWayAsked>

export const HostRecord = z.strictObject({
  id: HostId,
  labels: Labels,
  os: z.nullable(z.string()).check(z.describe('e.g. `Debian GNU/Linux 12 (bookworm)`, in the words of the host.')),
  agentVersion: z.nullable(z.string()),
  keyFingerprint: Digest.check(
    z.describe('Of the public key that the host proved to have; stays the same when its certificate is renewed.'),
  ),
  certificateFingerprint: z.nullable(Digest).check(z.describe('Null: it has none, and is reached over SSH.')),
  certificateExpiresAt: z.nullable(Instant),
  ssh: z.nullable(SshWay).check(z.describe('Null: it dials out. A host has one way and no other.')),
  enrolledAt: Instant,
  lastSeenAt: z.nullable(Instant),
})
export type HostRecord = z.infer<typeof HostRecord>

/** What became of adding a host over SSH. */
export type AddedHost =
  | {
      readonly is: 'added'
      readonly host: HostId
      readonly place: string
      readonly fingerprint: string
      /** What keeps the controller from it by now; null: it is connected. */
      readonly wrong: Problem | null
    }
  /** A person has to compare it first, and then to ask again with it. */
  | { readonly is: 'unknown-key'; readonly place: string; readonly type: string; readonly fingerprint: string }

export const HostRecordView = z.strictObject({
  ...HostRecord.shape,
  connected: z.boolean(),
  wrong: z
    .nullable(z.strictObject({ code: z.string().check(z.maxLength(64)), says: z.string().check(z.maxLength(4000)) }))
    .check(z.describe('What keeps the controller from it, where the controller comes to it; null: nothing.')),
  alarm: z
    .nullable(HostAlarm)
    .check(z.describe('What of its own record does not fit what it signed before; null: nothing.')),
})
export type HostRecordView = z.infer<typeof HostRecordView>
