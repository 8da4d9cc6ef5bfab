/** What a controller knows about a host besides what the host itself says, and the labels that people select hosts by. */
import * as z from 'zod/mini'
import { HostAlarm } from '../audit/signed-head.ts'
import { Digest, HostId, Instant } from './ids.ts'

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

export const HostRecord = z.strictObject({
  id: HostId,
  labels: Labels,
  os: z.nullable(z.string()).check(z.describe('e.g. `Debian GNU/Linux 12 (bookworm)`, in the words of the host.')),
  agentVersion: z.nullable(z.string()),
  keyFingerprint: Digest.check(
    z.describe('Of the public key that the host proved to have; stays the same when its certificate is renewed.'),
  ),
  certificateFingerprint: Digest,
  certificateExpiresAt: Instant,
  enrolledAt: Instant,
  lastSeenAt: z.nullable(Instant),
})
export type HostRecord = z.infer<typeof HostRecord>

export const HostRecordView = z.strictObject({
  ...HostRecord.shape,
  connected: z.boolean(),
  alarm: z
    .nullable(HostAlarm)
    .check(z.describe('What of its own record does not fit what it signed before; null: nothing.')),
})
export type HostRecordView = z.infer<typeof HostRecordView>
