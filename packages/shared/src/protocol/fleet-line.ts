/**
 * The line between an agent and its controller: what the agent may call there. Over it the controller calls the agent's
 * own router. Answers are parsed by the agent: a controller is no more trusted than it needs to be.
 */
import * as z from 'zod/mini'
import { Digest, Instant } from '../model/ids.ts'

/** A new certificate for the key with which the host is connected. */
export const Renewed = z.object({
  certificate: z.string().check(z.maxLength(16_384), z.describe('PEM.')),
  certificateFingerprint: Digest,
  expiresAt: Instant,
})
export type Renewed = z.infer<typeof Renewed>
