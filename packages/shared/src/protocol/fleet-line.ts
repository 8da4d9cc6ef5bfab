/**
 * The line between an agent and its controller: where the agent dials, and what it may call there. Over it the controller
 * calls the agent's own router. Answers are parsed by the agent: a controller is no more trusted than it needs to be.
 */
import * as z from 'zod/mini'
import { Digest, Instant } from '../model/ids.ts'

/** For hosts that have no certificate yet: `enrol` (EnrolRequest → Enrolled) is all that is served there. */
export const ENROL_PATH = '/enrol'

/** For enrolled hosts, by their certificate: `renew` (nothing → Renewed) is served there, and the agent is called. */
export const AGENT_PATH = '/agent'

/** A new certificate for the key with which the host is connected. */
export const Renewed = z.object({
  certificate: z.string().check(z.maxLength(16_384), z.describe('PEM.')),
  certificateFingerprint: Digest,
  expiresAt: Instant,
})
export type Renewed = z.infer<typeof Renewed>
