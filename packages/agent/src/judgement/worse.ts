/** Whether a host is worse than before, by the 5xx answers that visitors got (DESIGN D8). */

interface Counted {
  readonly requests: number
  readonly serverErrors: number
}

/** Fewer than this say nothing. */
const enoughRequests = 20
const leastShare = 0.01
/** One or two may have waited since before: what had no room in a queue fails a minute later. */
const enoughErrors = 3

export function isWorse(before: Counted, during: Counted): boolean {
  if (during.requests < enoughRequests || during.serverErrors < enoughErrors) return false
  const share = during.serverErrors / during.requests
  return share > leastShare && share > 2 * shareOf(before)
}

export function isEnoughTraffic({ requests }: Counted): boolean {
  return requests >= enoughRequests
}

export function shareOf({ requests, serverErrors }: Counted): number {
  return requests === 0 ? 0 : serverErrors / requests
}
