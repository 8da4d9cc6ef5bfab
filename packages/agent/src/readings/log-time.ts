/**
 * Instants of log lines that carry local time without a zone (FPM, nginx): taken in the zone this host runs in. Lines
 * without a time are as old as can be.
 */
export function localTimeMs(localTime: string | null): number {
  const ms = localTime === null ? Number.NaN : new Date(localTime).getTime()
  return Number.isNaN(ms) ? 0 : ms
}
