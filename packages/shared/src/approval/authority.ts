/** By what right a plan is applied: a versioned union, so that grants and other kinds of signatures find their place. */
import * as z from 'zod/mini'
import { Manifest } from './manifest.ts'
import { InclusionProof } from './plan-tree.ts'

/** As many as anyone will ask for; each costs the host a verification. */
const MAX_SIGNATURES = 16

/** What `ssh-keygen -Y sign -n fleetmend-approval@v1` wrote over the manifest's canonical bytes. */
const ArmoredSignature = z.string().check(z.maxLength(16_384), z.startsWith('-----BEGIN SSH SIGNATURE-----\n'))

/** People have signed a manifest, and the proof shows that this host's plan is under it. */
export const Approval = z.strictObject({
  kind: z.literal('approval'),
  format: z.literal('fleetmend.approval/1'),
  scheme: z.literal('sshsig'),
  manifest: Manifest,
  signatures: z.array(ArmoredSignature).check(z.minLength(1), z.maxLength(MAX_SIGNATURES)),
  proof: InclusionProof,
})
export type Approval = z.infer<typeof Approval>

/** A person with root on the host itself. Made by the command that they run, never taken from a connection. */
export const LocalRoot = z.strictObject({
  kind: z.literal('local-root'),
  format: z.literal('fleetmend.local-root/1'),
  person: z
    .string()
    .check(z.minLength(1), z.maxLength(200), z.describe('Who became root, as far as that is known (`SUDO_USER`).')),
})
export type LocalRoot = z.infer<typeof LocalRoot>

export const Authority = z.discriminatedUnion('kind', [Approval, LocalRoot])
export type Authority = z.infer<typeof Authority>

/** What may come over a connection. Whoever serves `apply` to others parses with this one. */
export const RemoteAuthority = z.discriminatedUnion('kind', [Approval])
export type RemoteAuthority = z.infer<typeof RemoteAuthority>
