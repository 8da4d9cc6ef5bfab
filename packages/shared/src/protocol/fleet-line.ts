/**
 * The line between an agent and its controller: what the agent may call there. Over it the controller calls the agent's
 * own router. Answers are parsed by the agent: a controller is no more trusted than it needs to be.
 */
import * as z from 'zod/mini'
import { Digest, Instant } from '../model/ids.ts'

const Pem = z.string().check(z.maxLength(16_384), z.describe('PEM.'))

/** An authority whose certificates count. The first is the one of the join token; each later one is vouched for. */
export const VouchedAuthority = z.object({
  certificate: Pem,
  vouched: z.nullable(Pem.check(z.describe('For the same key, by the authority that a host trusts already.'))),
})
export type VouchedAuthority = z.infer<typeof VouchedAuthority>

/** While one authority takes over from another there are two. */
export const VouchedAuthorities = z.array(VouchedAuthority).check(z.minLength(1), z.maxLength(4))

/** A new certificate for the key with which the host is connected. */
export const Renewed = z.object({
  certificate: Pem,
  certificateFingerprint: Digest,
  expiresAt: Instant,
  authorities: z.exactOptional(VouchedAuthorities).check(z.describe('Left out: as before.')),
})
export type Renewed = z.infer<typeof Renewed>

/** What a host trusts by now, so that nobody drops an authority that some host still needs. */
export const Trusts = z.strictObject({ authorities: z.array(Digest).check(z.maxLength(4)) })
export type Trusts = z.infer<typeof Trusts>
