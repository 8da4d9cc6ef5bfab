/** How long to wait before the next attempt: longer each time, and different for each host, so that a fleet does not come at once. */

export interface BackOff {
  readonly firstMs: number
  readonly longestMs: number
}

/** Full jitter: anything from the first wait up to a bound that doubles. `attempt` counts from 0; `random` is in [0, 1). */
export function backOffMs({ firstMs, longestMs }: BackOff, attempt: number, random: number): number {
  const boundMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 16))
  return Math.round(firstMs + random * (boundMs - firstMs))
}
