/** How long to wait before the next attempt: longer each time, and different on each host, so that a fleet does not come back at once. */

export interface BackOff {
  readonly firstMs: number
  readonly longestMs: number
}

/** For a controller that is away, and may be back at any moment. */
export const awayBackOff: BackOff = { firstMs: 500, longestMs: 30_000 }

/** For a certificate that could not be renewed: there are hours left. */
export const renewalBackOff: BackOff = { firstMs: 60_000, longestMs: 30 * 60_000 }

/** For a controller that does not want this host: a person has to do something, and what they do is noticed here at once. */
export const refusedBackOff: BackOff = { firstMs: 60_000, longestMs: 60 * 60_000 }

/** Full jitter: anything from the first wait up to a bound that doubles. `attempt` counts from 0; `random` is in [0, 1). */
export function backOffMs({ firstMs, longestMs }: BackOff, attempt: number, random: number): number {
  const boundMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 16))
  return Math.round(firstMs + random * (boundMs - firstMs))
}
