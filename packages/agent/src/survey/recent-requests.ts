/** What visitors got in the last minutes, from the end of the access logs of a site. */
import type { Read, ReadHost } from '../host/host.ts'
import { accessStamps } from '../readings/log-stamps.ts'
import { readAccessLog, type AccessEntry } from '../readings/nginx-access-log.ts'
import type { RecentRequests } from './host-facts.ts'
import { readLogWindow, type WantedLog } from './log-window.ts'

/** About a thousand requests; of a busier site its last seconds, which tell shares as well. */
const wanted: WantedLog = {
  stamps: accessStamps,
  windowMs: 5 * 60_000,
  tailBytes: 128 * 1024,
  limitBytes: 128 * 1024,
}
/** A host of many sites has a log for each; those of the first hundred busy ones are enough to rest on. */
const allLogsBytes = 16 * 1024 * 1024

export type RequestReader = (paths: readonly string[]) => Promise<Read<RecentRequests>>

/** For one look: a log that several sites share is read once. */
export function requestReader(host: ReadHost): RequestReader {
  const sinceMs = host.nowMs() - wanted.windowMs
  const logs = new Map<string, Promise<Read<ReadonlyMap<number, number>>>>()
  let leftBytes = allLogsBytes
  const readLog = async (path: string): Promise<Read<ReadonlyMap<number, number>>> => {
    if (leftBytes <= 0)
      return { ok: false, why: 'too-big', says: `the access logs of other sites are ${allLogsBytes} bytes already` }
    const log = await readLogWindow(host, path, wanted)
    if (!log.ok) return log.why === 'missing' ? { ok: true, value: new Map() } : log
    leftBytes -= log.value.text.length
    const { entries, notUnderstood } = readAccessLog(log.value.text)
    return entries.length < notUnderstood
      ? { ok: false, why: 'failed', says: `${path} is in a format of its own` }
      : { ok: true, value: countByStatus(entries.filter(({ atMs }) => atMs >= sinceMs)) }
  }
  return async (paths) => {
    const byStatus = new Map<number, number>()
    for (const path of paths) {
      const counted = await (logs.get(path) ?? remember(path))
      if (!counted.ok) return counted
      for (const [status, count] of counted.value) byStatus.set(status, (byStatus.get(status) ?? 0) + count)
    }
    return { ok: true, value: { total: [...byStatus.values()].reduce((sum, count) => sum + count, 0), byStatus } }
  }

  function remember(path: string): Promise<Read<ReadonlyMap<number, number>>> {
    const read = readLog(path)
    logs.set(path, read)
    return read
  }
}

function countByStatus(entries: readonly AccessEntry[]): ReadonlyMap<number, number> {
  return new Map([...Map.groupBy(entries, ({ status }) => status)].map(([status, same]) => [status, same.length]))
}
