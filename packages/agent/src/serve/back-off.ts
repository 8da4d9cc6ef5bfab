/** How long to wait before the next attempt: longer each time, and different on each host, so that a fleet does not come back at once. */

const firstMs = 500
const longestMs = 30_000

/** Full jitter: anything from half a second up to a bound that doubles. `attempt` counts from 0; `random` is in [0, 1). */
export function backOffMs(attempt: number, random: number): number {
  const boundMs = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 16))
  return Math.round(firstMs + random * (boundMs - firstMs))
}
