/** Lines of an access log in nginx's `combined` format, or one that begins like it. */

export interface AccessEntry {
  readonly atMs: number
  readonly method: string
  readonly path: string
  readonly status: number
}

const COMBINED =
  /^\S+ \S+ .*? \[(\d{2})\/(\w{3})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})\] "(?:([A-Z]{1,20}) )?((?:[^"\\]|\\.)*)" (\d{3}) /
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Lines that are not of this format are counted, not guessed at. */
export function readAccessLog(text: string): {
  readonly entries: readonly AccessEntry[]
  readonly notUnderstood: number
} {
  const lines = text.split('\n').filter((line) => line !== '')
  const entries = lines.flatMap((line) => {
    const match = COMBINED.exec(line)
    if (!match) return []
    const [, day, month = '', year, time, zoneHours, zoneMinutes, method = '', rest = '', status] = match
    const monthNumber = String(months.indexOf(month) + 1).padStart(2, '0')
    const atMs = Date.parse(`${year}-${monthNumber}-${day}T${time}${zoneHours}:${zoneMinutes}`)
    return Number.isNaN(atMs) ? [] : [{ atMs, method, path: rest.split(' ')[0] ?? '', status: Number(status) }]
  })
  return { entries, notUnderstood: lines.length - entries.length }
}
