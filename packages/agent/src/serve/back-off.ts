/** How long an agent waits before it tries again what did not go well. */
import type { BackOff } from '@fleetmend/shared/wire/back-off'

/** For a controller that is away, and may be back at any moment. */
export const awayBackOff: BackOff = { firstMs: 500, longestMs: 30_000 }

/** For a certificate that could not be renewed: there are hours left. */
export const renewalBackOff: BackOff = { firstMs: 60_000, longestMs: 30 * 60_000 }

/** For a controller that does not want this host: a person has to do something, and what they do is noticed here at once. */
export const refusedBackOff: BackOff = { firstMs: 60_000, longestMs: 60 * 60_000 }
