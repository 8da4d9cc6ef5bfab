/** Instants as findings carry them. */
import type { Instant } from '@fleetmend/shared'

export function instantOf(ms: number): Instant {
  return new Date(ms).toISOString()
}
