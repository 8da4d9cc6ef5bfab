/** Requests and 5xx answers of the sites of some services, from their access logs. */
import type { ReadHost } from '../host/host.ts'
import { sitesOf } from '../judgement/same-address.ts'
import { textOf } from '../readings/bytes.ts'
import { readAccessLog } from '../readings/nginx-access-log.ts'
import type { HostFacts } from '../survey/host-facts.ts'

export interface Traffic {
  readonly requests: number
  readonly serverErrors: number
}

/** Where each log ends now, to count from later. */
export type LogEnds = ReadonlyMap<string, number>

const beforeBytes = 1024 * 1024
const duringBytes = 16 * 1024 * 1024
/** The level before is that of the last minutes, not of the whole log. */
const beforeMs = 10 * 60_000

export function accessLogsOf(facts: HostFacts, services: readonly string[]): readonly string[] {
  const pools = facts.fpm.filter((each) => services.includes(each.service)).flatMap((each) => each.pools)
  return [...new Set(sitesOf(facts, pools).flatMap((site) => site.accessLogs))]
}

export async function trafficBefore(host: ReadHost, logs: readonly string[]): Promise<Traffic> {
  const since = host.nowMs() - beforeMs
  const texts = await Promise.all(logs.map((path) => host.readTail(path, beforeBytes)))
  const entries = texts.flatMap((tail) => (tail.ok ? readAccessLog(textOf(tail.value.bytes)).entries : []))
  return count(entries.filter((entry) => entry.atMs >= since))
}

export async function logEnds(host: ReadHost, logs: readonly string[]): Promise<LogEnds> {
  const stats = await Promise.all(logs.map(async (path) => [path, await host.stat(path)] as const))
  return new Map(stats.map(([path, stat]) => [path, stat.ok ? stat.value.sizeBytes : 0]))
}

/** A log that was rotated meanwhile is counted from its new beginning. */
export async function trafficSince(host: ReadHost, ends: LogEnds): Promise<Traffic> {
  const texts = await Promise.all(
    [...ends].map(async ([path, offset]) => {
      const added = await host.readFrom(path, offset, duringBytes)
      return added.ok || added.why !== 'missing' ? added : host.readFrom(path, 0, duringBytes)
    }),
  )
  return count(texts.flatMap((text) => (text.ok ? readAccessLog(textOf(text.value)).entries : [])))
}

function count(entries: readonly { readonly status: number }[]): Traffic {
  return { requests: entries.length, serverErrors: entries.filter((entry) => entry.status >= 500 && entry.status !== 599).length }
}
