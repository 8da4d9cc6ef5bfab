/**
 * An audit as a file, `fleetmend.audit-export/1`: JSON lines, each in canonical form (RFC 8785). The first says what it is
 * about, the last how many there are and what their bytes hash to; between them stands all that is needed to check it.
 */
import * as z from 'zod/mini'
import { Digest, HostId, Instant, RunId } from '../model/ids.ts'
import { AuditRecord } from './record.ts'
import { HostAlarm, SignedHead } from './signed-head.ts'

const host = HostId

/** An event of a run as the controller keeps it. What it says is read by kind; its hash is over all of it. */
export const ExportedEvent = z.strictObject({
  format: z.literal('fleetmend.event/1'),
  sequence: z.int().check(z.positive()),
  run: RunId,
  revision: z.int().check(z.positive()),
  at: Instant,
  previous: z.nullable(Digest),
  event: z.looseObject({ type: z.string() }),
})
export type ExportedEvent = z.infer<typeof ExportedEvent>

export const ExportLine = z.discriminatedUnion('line', [
  z.strictObject({
    line: z.literal('export'),
    format: z.literal('fleetmend.audit-export/1'),
    fleet: z.string(),
    exportedAt: Instant,
    run: z.nullable(RunId).check(z.describe('Only what belongs to this run, and the whole chain since it began.')),
    since: z.nullable(Instant),
  }),
  z.strictObject({ line: z.literal('controller'), record: AuditRecord }),
  z.strictObject({ line: z.literal('event'), event: ExportedEvent }),
  /** What the controller holds against a host's own chain. */
  z.strictObject({
    line: z.literal('host'),
    host,
    publicKey: z.base64().check(z.maxLength(1024)),
    head: z.nullable(SignedHead),
    alarm: z.nullable(HostAlarm),
  }),
  z.strictObject({ line: z.literal('host-record'), host, record: AuditRecord }),
  /** What the host itself showed while this was exported; null: nothing. */
  z.strictObject({ line: z.literal('host-now'), host, head: z.nullable(SignedHead) }),
  z.strictObject({ line: z.literal('host-record-now'), host, record: AuditRecord }),
  z.strictObject({ line: z.literal('host-silent'), host, says: z.string() }),
  z.strictObject({
    line: z.literal('end'),
    lines: z.int().check(z.describe('Before this one.')),
    digest: Digest.check(z.describe('Of all bytes before this line.')),
  }),
])
export type ExportLine = z.infer<typeof ExportLine>

/** A record in words, as `audit list` shows it. */
export const AuditLine = z.strictObject({
  recordedBy: z.nullable(host).check(z.describe('The host whose own record it is; null: the controller.')),
  sequence: z.int(),
  at: Instant,
  type: z.string(),
  host: z.nullable(z.string()),
  run: z.nullable(z.string()),
  by: z.nullable(z.string()),
  says: z.string(),
})
export type AuditLine = z.infer<typeof AuditLine>
