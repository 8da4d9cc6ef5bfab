/** The certificate authority of a fleet, as people see it: the one that is shown, and the one that is to follow. */
import type { Digest, HostId, Instant } from './ids.ts'

export interface AuthorityInTime {
  readonly fingerprint: Digest
  readonly expiresAt: Instant
}

export interface FleetAuthority {
  readonly fleet: string
  readonly now: AuthorityInTime
  /** While it takes the place of the one that is shown, both are trusted. */
  readonly next: (AuthorityInTime & { readonly madeAt: Instant }) | null
  /** Hosts that do not trust the next one yet; they hear of it when they renew their certificates. */
  readonly notYet: readonly HostId[]
}
