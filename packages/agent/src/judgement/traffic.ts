/** Whether the answers that visitors get became worse (DESIGN D8). Pure arithmetic over an access log's lines. */
import type { AccessEntry } from '../readings/nginx-access-log.ts'

export interface Traffic {
  readonly requests: number
  readonly serverErrors: number
}

export const noTraffic: Traffic = { requests: 0, serverErrors: 0 }

/** Fewer requests than this say nothing: one error among ten is chance. */
export const enoughRequests = 20
/** A site that fails one request in a hundred was not broken by this change. */
const toleratedShare = 0.01

export function countTraffic(entries: readonly AccessEntry[]): Traffic {
  return { requests: entries.length, serverErrors: entries.filter((entry) => entry.status >= 500 && entry.status <= 599).length }
}

export function addTraffic(a: Traffic, b: Traffic): Traffic {
  return { requests: a.requests + b.requests, serverErrors: a.serverErrors + b.serverErrors }
}

/** Null without any request. */
export function errorShare({ requests, serverErrors }: Traffic): number | null {
  return requests === 0 ? null : serverErrors / requests
}

/** Without traffic before, the level before is taken for none: nobody was seen to be failed then. */
export function isWorse(before: Traffic, now: Traffic): boolean {
  const share = errorShare(now) ?? 0
  return now.requests >= enoughRequests && share > toleratedShare && share > 2 * (errorShare(before) ?? 0)
}

export function describeTraffic(before: Traffic, now: Traffic): string {
  const was = errorShare(before)
  const level = was === null ? 'nobody asked before' : `${percent(was)} before`
  return `${now.serverErrors} of ${now.requests} requests were answered with 5xx (${percent(errorShare(now) ?? 0)}; ${level})`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
