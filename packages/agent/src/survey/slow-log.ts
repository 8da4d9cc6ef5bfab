/** Reads the end of a pool's slow log, where the pool has one. */
import type { Read, ReadHost } from '../host/host.ts'
import { readFpmSlowLog, type FpmSlowRecord } from '../readings/fpm-slow-log.ts'
import { fpmSeconds } from '../readings/fpm-values.ts'
import { fpmStamps } from '../readings/log-stamps.ts'
import { readLogWindow, type WantedLog } from './log-window.ts'

/** Examples of where time goes: of a log that is written faster the newest are as good. */
const wanted: WantedLog = {
  stamps: fpmStamps,
  windowMs: 5 * 60_000,
  tailBytes: 64 * 1024,
  limitBytes: 64 * 1024,
  anyAge: true,
}

/** `value` gives a pool's directive; null where it is not set, or only the master could resolve it. */
export async function readSlowLog(
  host: ReadHost,
  value: (name: string) => string | null,
  prefix: string,
): Promise<Read<{ readonly path: string; readonly records: readonly FpmSlowRecord[] }>> {
  const [limit, file] = [value('request_slowlog_timeout'), value('slowlog')]
  if (file === null || (fpmSeconds(limit ?? '0') ?? 0) === 0)
    return { ok: false, why: 'missing', says: 'the slow log is off (request_slowlog_timeout)' }
  // The name is root's own word, from the configuration.
  const path = file.startsWith('/') ? file : `${prefix}/${file}`
  const log = await readLogWindow(host, path, wanted)
  return log.ok ? { ok: true, value: { path, records: readFpmSlowLog(log.value.text) } } : log
}
