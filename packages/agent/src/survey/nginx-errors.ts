/** What nginx logged in the last minutes about the sites it serves, and which of these logs could not be read. */
import type { ReadHost } from '../host/host.ts'
import { nginxErrorStamps } from '../readings/log-stamps.ts'
import { localTimeMs } from '../readings/log-time.ts'
import { readNginxErrorLog, type NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { FpmFacts } from './host-facts.ts'
import { readLogWindow, type WantedLog } from './log-window.ts'

export interface NginxErrors {
  readonly errors: readonly NginxErrorEntry[]
  readonly unreadableLogs: readonly { readonly path: string; readonly says: string }[]
}

/** The longest look back is ten minutes, for reloads. */
const wanted: WantedLog = {
  stamps: nginxErrorStamps,
  windowMs: 10 * 60_000,
  tailBytes: 256 * 1024,
  limitBytes: 1024 * 1024,
}
/** Of all logs in one look; some thirty thousand lines. Most hosts have one log, and hosts of many sites mostly quiet ones. */
const allLogsBytes = 8 * 1024 * 1024
/** Less than this of a log would tell nothing. */
const leastBytes = 64 * 1024

/**
 * Logs that come first are read first. Where there is too much of them, what was written when FPM lost a worker or was
 * reloaded is looked for: what visitors met at these moments is what tells most.
 */
export async function nginxErrors(
  host: ReadHost,
  logs: readonly string[],
  fpm: readonly FpmFacts[],
): Promise<NginxErrors> {
  const since = host.nowMs() - wanted.windowMs
  const errors: NginxErrorEntry[] = []
  const unreadableLogs: { path: string; says: string }[] = []
  const leftOut: string[] = []
  const momentsMs = momentsOf(fpm)
  let leftBytes = allLogsBytes
  for (const path of new Set(logs)) {
    const limitBytes = Math.min(wanted.limitBytes, leftBytes)
    if (limitBytes < leastBytes) {
      leftOut.push(path)
      continue
    }
    const log = await readLogWindow(host, path, { ...wanted, limitBytes, momentsMs })
    if (!log.ok) {
      if (log.why !== 'missing') unreadableLogs.push({ path, says: log.says })
      continue
    }
    const { text, missing } = log.value
    leftBytes -= text.length
    for (const entry of readNginxErrorLog(text)) if (localTimeMs(entry.localTime) >= since) errors.push(entry)
    if (missing) unreadableLogs.push({ path, says: missing.says })
  }
  const [first, ...others] = leftOut
  if (first !== undefined)
    unreadableLogs.push({
      path: others.length === 0 ? first : `${first} and ${others.length} other logs`,
      says: `those of other sites are ${allLogsBytes / 1024 / 1024} MiB already`,
    })
  return { errors, unreadableLogs }
}

function momentsOf(fpm: readonly FpmFacts[]): readonly number[] {
  return fpm
    .flatMap(({ log }) => (log.ok ? log.value.entries : []))
    .filter(({ event }) => events.has(event))
    .map(({ localTime }) => localTimeMs(localTime))
}

const events: ReadonlySet<string> = new Set(['child-signalled', 'child-exited', 'terminated-by-timeout', 'reloading'])
