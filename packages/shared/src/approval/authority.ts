/** By what right a plan is applied: a versioned union, so that other kinds of signatures find their place. */
import * as z from 'zod/mini'
import { Grant } from './grant.ts'
import { Manifest } from './manifest.ts'
import { InclusionProof } from './plan-tree.ts'

/** As many as anyone will ask for; each costs the host a verification. */
const MAX_SIGNATURES = 16

/** What `ssh-keygen -Y sign` wrote over the canonical bytes, under the namespace of the deed. */
export const ArmoredSignature = z.string().check(z.maxLength(16_384), z.startsWith('-----BEGIN SSH SIGNATURE-----\n'))

const Signatures = z.array(ArmoredSignature).check(z.minLength(1), z.maxLength(MAX_SIGNATURES))

/** People have signed a manifest, and the proof shows that this host's plan is under it. */
export const Approval = z.strictObject({
  kind: z.literal('approval'),
  format: z.literal('fleetmend.approval/1'),
  scheme: z.literal('sshsig'),
  manifest: Manifest,
  request: z.exactOptional(
    ArmoredSignature.check(z.describe('By the requester, of the same manifest: needed where they may not approve.')),
  ),
  signatures: Signatures,
  proof: InclusionProof,
})
export type Approval = z.infer<typeof Approval>

/** One person went ahead alone, for the reason that they signed with the manifest. */
export const BreakGlass = z.strictObject({
  kind: z.literal('break-glass'),
  format: z.literal('fleetmend.break-glass/1'),
  scheme: z.literal('sshsig'),
  manifest: Manifest,
  reason: Manifest.shape.reason,
  signature: ArmoredSignature,
  proof: InclusionProof,
})
export type BreakGlass = z.infer<typeof BreakGlass>

/** Signed in advance; the same document is the file that a runbook keeps. */
export const SignedGrant = z.strictObject({
  kind: z.literal('grant'),
  format: z.literal('fleetmend.signed-grant/1'),
  scheme: z.literal('sshsig'),
  grant: Grant,
  signatures: Signatures,
})
export type SignedGrant = z.infer<typeof SignedGrant>

/** A person with root on the host itself. Made by the command that they run, never taken from a connection. */
export const LocalRoot = z.strictObject({
  kind: z.literal('local-root'),
  format: z.literal('fleetmend.local-root/1'),
  person: z
    .string()
    .check(z.minLength(1), z.maxLength(200), z.describe('Who became root, as far as that is known (`SUDO_USER`).')),
})
export type LocalRoot = z.infer<typeof LocalRoot>

export const Authority = z.discriminatedUnion('kind', [Approval, BreakGlass, SignedGrant, LocalRoot])
export type Authority = z.infer<typeof Authority>

/** What holds wherever it comes from: signatures, which each host checks itself. */
export const RemoteAuthority = z.discriminatedUnion('kind', [Approval, BreakGlass, SignedGrant])
export type RemoteAuthority = z.infer<typeof RemoteAuthority>

/**
 * Whoever asks is root on the host: it holds in a session that root has started there for themselves (`serve --stdio`), and
 * nowhere else, whatever line it comes over. It names nobody, because the host says who that is.
 */
const SessionRoot = z.strictObject({
  kind: z.literal('session-root'),
  format: z.literal('fleetmend.session-root/1'),
})

/** What may come over a connection. Whoever serves `apply` to others parses with this one. */
export const ShownAuthority = z.discriminatedUnion('kind', [Approval, BreakGlass, SignedGrant, SessionRoot])
export type ShownAuthority = z.infer<typeof ShownAuthority>

export const sessionRoot: ShownAuthority = { kind: 'session-root', format: 'fleetmend.session-root/1' }
