/** What a controller puts on record: everything that changes something, and what it refused. No secrets. */
import * as z from 'zod/mini'
import { Labels } from '../model/host-record.ts'
import { Digest, HostId, Instant, RunId } from '../model/ids.ts'
import { SignedHead } from './signed-head.ts'

const host = HostId
const by = z.string().check(z.maxLength(300), z.describe('Who did it, as the controller knows them.'))
const code = z.string().check(z.maxLength(64))
const says = z.string().check(z.maxLength(4000))

export const ControllerEntry = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('began'), fleet: z.string() }),
  /** An event of a run, by the hash under which it is kept: all runs are part of this one chain. */
  z.strictObject({
    type: z.literal('run-event'),
    run: RunId,
    revision: z.int(),
    event: Digest,
    kind: z.string().check(z.maxLength(64)),
  }),
  z.strictObject({
    type: z.literal('host-invited'),
    by,
    host: z.nullable(host),
    labels: Labels,
    expiresAt: Instant,
  }),
  /** Its key is pinned from here on: whatever else signs for this host is an alarm. */
  z.strictObject({
    type: z.literal('host-enrolled'),
    host,
    publicKey: z.base64().check(z.maxLength(1024), z.describe('SubjectPublicKeyInfo in DER.')),
    insteadOf: z.nullable(Digest).check(z.describe('The key that this name had before; null: it is a new host.')),
  }),
  /** Both keys are pinned from here on: that by which SSH knows the host, and that by which it signs its record. */
  z.strictObject({
    type: z.literal('host-added'),
    host,
    by,
    place: z.string().check(z.maxLength(400), z.describe('Where and as whom it is reached: `fleetmend@web-7:22`.')),
    hostKey: z.string().check(z.maxLength(100), z.describe('Its fingerprint, as `ssh-keygen -l` prints it.')),
    publicKey: z.base64().check(z.maxLength(1024), z.describe('SubjectPublicKeyInfo in DER.')),
    insteadOf: z.nullable(Digest),
  }),
  z.strictObject({ type: z.literal('certificate-renewed'), host, certificate: Digest, expiresAt: Instant }),
  z.strictObject({ type: z.literal('host-removed'), host, by }),
  /** Which authority the controller shows from here on, and which one is to follow it. */
  z.strictObject({ type: z.literal('authority-changed'), by, now: Digest, next: z.nullable(Digest) }),
  /** The newest that a host has signed of its own chain; with the run whose apply it came with. */
  z.strictObject({ type: z.literal('host-head'), host, run: z.nullable(RunId), head: SignedHead }),
  z.strictObject({
    type: z.literal('host-alarm'),
    host,
    code,
    says,
    shown: z.nullable(SignedHead).check(z.describe('What the host showed, as evidence; null: it showed nothing.')),
  }),
  /** What it answered cannot be true, and belongs to no run: in a run it is an event of that. */
  z.strictObject({ type: z.literal('host-not-believed'), host, code, says }),
  z.strictObject({ type: z.literal('alarm-accepted'), host, code, by, reason: says }),
  z.strictObject({
    type: z.literal('token-made'),
    by,
    token: z.string().check(z.maxLength(64), z.describe('What it is called when it is spoken of; never the secret.')),
    name: z.string().check(z.maxLength(64), z.describe('Whose it is.')),
    role: z.string().check(z.maxLength(64)),
    expiresAt: z.nullable(Instant),
  }),
  z.strictObject({ type: z.literal('token-revoked'), by, token: z.string().check(z.maxLength(64)) }),
  z.strictObject({
    type: z.literal('refused'),
    by: z.nullable(by),
    asked: z.string().check(z.maxLength(100), z.describe('What was asked for, e.g. `runs.approve`.')),
    code,
    host: z.nullable(host),
    run: z.nullable(RunId),
  }),
  /** More of this kind came than are kept in an hour; those that follow are not on record until then. */
  z.strictObject({ type: z.literal('left-out'), kind: z.string().check(z.maxLength(64)), until: Instant }),
])
export type ControllerEntry = z.infer<typeof ControllerEntry>
