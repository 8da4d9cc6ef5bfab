/**
 * One record of an audit: what happened, and the hash of the record before. Agents and the controller keep the same form,
 * so that whoever checks needs one set of eyes. A record's bytes are its canonical JSON (RFC 8785), and nothing else is.
 */
import * as z from 'zod/mini'
import { Digest, Instant } from '../model/ids.ts'

/** Kinds are only ever added: whoever reads an older or a newer chain follows its hashes all the same. */
const AnyEntry = z.looseObject({ type: z.string().check(z.maxLength(64)) })

export const AuditRecord = z.strictObject({
  format: z.literal('fleetmend.audit/1'),
  sequence: z.int().check(z.positive()),
  at: Instant,
  previous: z.nullable(Digest).check(z.describe('Of the record before; null for the first there ever was.')),
  entry: AnyEntry,
})
export type AuditRecord = z.infer<typeof AuditRecord>
