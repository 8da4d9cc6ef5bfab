/** Requests and 5xx answers of the sites of some services, from their access logs. */
import type { ReadHost } from '../host/host.ts'
import { sitesOf } from '../judgement/same-address.ts'
import { textOf } from '../readings/bytes.ts'
import { readDroppedConnections } from '../readings/dropped-connections.ts'
import { accessStamps } from '../readings/log-stamps.ts'
import { readAccessLog } from '../readings/nginx-access-log.ts'
import { nginxTimeMs } from '../readings/nginx-values.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import type { HostFacts, SiteFacts } from '../survey/host-facts.ts'
import { readLogWindow, type WantedLog } from '../survey/log-window.ts'
import { tcpTables } from '../survey/tcp-tables.ts'

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

/** Sites that share a log with others are counted together with them: its lines do not name the site. */
export function accessLogsOf(facts: HostFacts, services: readonly string[]): readonly string[] {
  return [...new Set(servedBy(facts, services).flatMap((site) => site.accessLogs))]
}

/**
 * The shortest time after which nginx gives up on PHP for visitors of these services, and answers 504. Sooner after an act
 * such an answer is to somebody who came before it: a connection that a full queue dropped is tried again after 1, 3, 7, 15,
 * 31 and 63 s (`tcp_syn_retries`), so whoever came a while before a repair may hear of the fault after it.
 */
export function leastPatienceMs(facts: HostFacts, services: readonly string[]): number {
  const limits = servedBy(facts, services)
    .flatMap((site) => site.phpLocations)
    .flatMap(({ connectTimeout, sendTimeout, readTimeout }) => [connectTimeout, sendTimeout, readTimeout])
    .map(({ text }) => nginxTimeMs(text) ?? 0)
  return limits.length === 0 ? 0 : Math.min(...limits)
}

/**
 * Visitors who wait for PHP on a connection that a full queue has dropped: nginx hears of it when it next sends something
 * again, and answers 502, also when the pool has long had room.
 */
export async function droppedVisitors(
  host: Pick<ReadHost, 'readFile'>,
  facts: HostFacts,
  services: readonly string[],
): Promise<number> {
  const addresses = servedBy(facts, services)
    .flatMap((site) => site.phpLocations)
    .flatMap(({ passes }) => passes.map(({ address }) => address))
  const ports = addresses.flatMap((each) =>
    each.startsWith('tcp:') ? [Number(each.slice(each.lastIndexOf(':') + 1))] : [],
  )
  if (ports.length === 0) return 0
  return readDroppedConnections(new Set(ports), ...(await tcpTables(host)))
}

/** nginx serves every site. */
function servedBy(facts: HostFacts, services: readonly string[]): readonly SiteFacts[] {
  if (services.includes(nginxUnit) && facts.nginx.sites.ok) return facts.nginx.sites.value
  const pools = facts.fpm.filter((each) => services.includes(each.service)).flatMap((each) => each.pools)
  return sitesOf(facts, pools)
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

/**
 * What was logged since; whole lines only. A log that was rotated meanwhile is counted from its new beginning. A 504 from
 * before `patientUntilMs` is not counted: see `leastPatienceMs`.
 */
export async function newTraffic(
  host: Pick<ReadHost, 'readFrom'>,
  since: LogEnds,
  patientUntilMs = 0,
): Promise<NewTraffic> {
  const ends = new Map<string, number>()
  let traffic: Traffic = { requests: 0, serverErrors: 0 }
  for (const [path, offset] of since) {
    const { bytes, from } = await readAppended(host, path, offset)
    const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)
    ends.set(path, from + whole.length)
    const { entries } = readAccessLog(textOf(whole))
    traffic = addTraffic(traffic, count(entries.filter((entry) => !isOfBefore(entry, patientUntilMs))))
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

/** The log has whole seconds: what ended in the last one may have begun in time. */
function isOfBefore({ status, atMs }: { readonly status: number; readonly atMs: number }, untilMs: number): boolean {
  return status === 504 && atMs + 1000 <= untilMs
}

function count(entries: readonly { readonly status: number }[]): Traffic {
  return {
    requests: entries.length,
    serverErrors: entries.filter(({ status }) => status >= 500 && status <= 599).length,
  }
}
