/** When lines of a log were written, as far as a search through the log has to know: by the stamp that a line begins with. */

export interface LogStamps {
  /** At the beginning of a line; its groups are what `read` takes. */
  readonly pattern: RegExp
  readonly read: (groups: Readonly<Record<string, string>>) => number
  /** The moment from which lines are in the window, on the scale of the stamps. */
  readonly scaled: (sinceMs: number, nowMs: number) => number
}

export interface LogStamp {
  /** Where its line begins. */
  readonly at: number
  /** To be compared with other stamps of the same log only: local time has no zone. */
  readonly ms: number
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `2026/11/21 10:57:49 [error] 51#51: ` */
export const nginxErrorStamps: LogStamps = {
  pattern: /(?<year>\d{4})\/(?<month>\d{2})\/(?<day>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) \[/y,
  read: onTheClock,
  scaled: localSince,
}

/** `[21-Nov-2026 10:57:49] `, with microseconds where log_level is debug; the slow log has the same. */
export const fpmStamps: LogStamps = {
  pattern: /\[(?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2})(?:\.\d+)?\] /y,
  read: onTheClock,
  scaled: localSince,
}

/** `10.0.0.9 - - [21/Nov/2026:10:57:49 +0000] "`: what stands before it is short, but for names of users. */
export const accessStamps: LogStamps = {
  pattern:
    /[^\n]{1,400}? \[(?<day>\d{2})\/(?<month>[A-Z][a-z]{2})\/(?<year>\d{4}):(?<time>\d{2}:\d{2}:\d{2}) (?<zone>[+-]\d{4})\] /y,
  read: (groups) => onTheClock(groups) - minutesOf(groups['zone'] ?? '') * 60_000,
  scaled: (sinceMs) => sinceMs,
}

/** `type=AVC msg=audit(1795260367.424:52): `, before which auditd may put the host's name. */
export const auditStamps: LogStamps = {
  pattern: /(?:node=\S+ )?type=\w+ msg=audit\((?<seconds>\d+\.\d+):\d+\): /y,
  read: ({ seconds }) => Number(seconds) * 1000,
  scaled: (sinceMs) => sinceMs,
}

/** The first stamp of a line that begins at `from` or later; `from` is where a line begins. */
export function firstStamp({ pattern, read }: LogStamps, text: string, from = 0): LogStamp | null {
  for (let at = from; at < text.length;) {
    pattern.lastIndex = at
    const groups = pattern.exec(text)?.groups
    const ms = groups ? read(groups) : Number.NaN
    if (!Number.isNaN(ms)) return { at, ms }
    const lineBreak = text.indexOf('\n', at)
    if (lineBreak < 0) return null
    at = lineBreak + 1
  }
  return null
}

function onTheClock({ year, month = '', day, time }: Readonly<Record<string, string>>): number {
  const number = /^\d/.test(month) ? month : String(months.indexOf(month) + 1).padStart(2, '0')
  return Date.parse(`${year}-${number}-${day}T${time}Z`)
}

function minutesOf(zone: string): number {
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5))
  return zone.startsWith('-') ? -minutes : minutes
}

/**
 * Local time jumps where summer time begins and ends. Where it was set back, what the clock showed then may be more than
 * it shows now, and the window has to begin with the same time on the clock before that.
 */
function localSince(sinceMs: number, nowMs: number): number {
  const clock = (ms: number) => ms - new Date(ms).getTimezoneOffset() * 60_000
  return Math.min(clock(sinceMs), clock(nowMs) - (nowMs - sinceMs))
}
