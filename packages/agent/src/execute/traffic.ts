/** Requests and 5xx answers of the sites of some services, from their access logs. */
import type { ReadHost } from '../host/host.ts'
import { sitesOf } from '../judgement/same-address.ts'
import { textOf } from '../readings/bytes.ts'
import { accessStamps } from '../readings/log-stamps.ts'
import { readAccessLog } from '../readings/nginx-access-log.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import { readLogWindow, type WantedLog } from '../survey/log-window.ts'

export interface Traffic {
  readonly requests: number
  readonly serverErrors: number
}

/** Where each log ends now, to count from later. */
export type LogEnds = ReadonlyMap<string, number>

const duringBytes = 1024 * 1024
/** The level before is that of the last minutes, not of the whole log; of busy sites the last minute tells as much. */
const before: WantedLog = {
  stamps: accessStamps,
  windowMs: 10 * 60_000,
  tailBytes: 256 * 1024,
  limitBytes: 1024 * 1024,
}

/** nginx serves every site. Sites that share a log with others are counted together with them: its lines do not name the site. */
export function accessLogsOf(facts: HostFacts, services: readonly string[]): readonly string[] {
  if (services.includes(nginxUnit) && facts.nginx.sites.ok)
    return [...new Set(facts.nginx.sites.value.flatMap((site) => site.accessLogs))]
  const pools = facts.fpm.filter((each) => services.includes(each.service)).flatMap((each) => each.pools)
  return [...new Set(sitesOf(facts, pools).flatMap((site) => site.accessLogs))]
}

export async function trafficBefore(host: ReadHost, logs: readonly string[]): Promise<Traffic> {
  const since = host.nowMs() - before.windowMs
  let traffic: Traffic = { requests: 0, serverErrors: 0 }
  for (const path of logs) {
    const log = await readLogWindow(host, path, before)
    const entries = log.ok ? readAccessLog(log.value.text).entries : []
    traffic = addTraffic(traffic, count(entries.filter((entry) => entry.atMs >= since)))
  }
  return traffic
}

export async function logEnds(host: Pick<ReadHost, 'stat'>, logs: readonly string[]): Promise<LogEnds> {
  const stats = await Promise.all(logs.map(async (path) => [path, await host.stat(path)] as const))
  return new Map(stats.map(([path, stat]) => [path, stat.ok ? stat.value.sizeBytes : 0]))
}

export interface NewTraffic {
  readonly traffic: Traffic
  /** Where to read on. */
  readonly ends: LogEnds
}

/** What was logged since; whole lines only. A log that was rotated meanwhile is counted from its new beginning. */
export async function newTraffic(host: Pick<ReadHost, 'readFrom'>, since: LogEnds): Promise<NewTraffic> {
  const ends = new Map<string, number>()
  let traffic: Traffic = { requests: 0, serverErrors: 0 }
  for (const [path, offset] of since) {
    const { bytes, from } = await readAppended(host, path, offset)
    const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)
    ends.set(path, from + whole.length)
    traffic = addTraffic(traffic, count(readAccessLog(textOf(whole)).entries))
  }
  return { traffic, ends }
}

export function addTraffic(a: Traffic, b: Traffic): Traffic {
  return { requests: a.requests + b.requests, serverErrors: a.serverErrors + b.serverErrors }
}

async function readAppended(
  host: Pick<ReadHost, 'readFrom'>,
  path: string,
  offset: number,
): Promise<{ readonly bytes: Uint8Array; readonly from: number }> {
  const added = await host.readFrom(path, offset, duringBytes)
  if (added.ok) return { bytes: added.value, from: offset }
  const anew = added.why === 'missing' ? await host.readFrom(path, 0, duringBytes) : added
  return anew.ok ? { bytes: anew.value, from: 0 } : { bytes: new Uint8Array(), from: offset }
}

function count(entries: readonly { readonly status: number }[]): Traffic {
  return {
    requests: entries.length,
    serverErrors: entries.filter(({ status }) => status >= 500 && status <= 599).length,
  }
}
