/** Entries of `journalctl -o json`: one JSON object a line, MESSAGE sometimes an array of byte numbers. */
import { jsonObject } from './json-object.ts'

export interface JournalEntry {
  readonly atMs: number
  readonly cursor: string
  readonly message: string
  /** 0 emerg … 7 debug; null when absent. */
  readonly priority: number | null
  /** `systemd` for the manager's own lines about a unit, `php-fpm8.2` for the service's. */
  readonly identifier: string
  readonly pid: number | null
  /** Structured fields of systemd's own messages. */
  readonly messageId: string | null
  readonly unitResult: string | null
  readonly exitCode: string | null
  readonly exitStatus: string | null
  readonly jobType: string | null
  readonly jobResult: string | null
  readonly uid: number | null
}

export function readJournal(text: string): {
  readonly entries: readonly JournalEntry[]
  readonly notUnderstood: number
} {
  const lines = text.split('\n').filter((line) => line !== '')
  const entries = lines.flatMap((line) => {
    const entry = readEntry(line)
    return entry ? [entry] : []
  })
  return { entries, notUnderstood: lines.length - entries.length }
}

function readEntry(line: string): JournalEntry | null {
  const fields = jsonObject(line)
  if (!fields) return null
  const atUs = Number(text(fields['__REALTIME_TIMESTAMP']))
  if (!Number.isFinite(atUs) || atUs === 0) return null
  return {
    atMs: Math.floor(atUs / 1000),
    cursor: text(fields['__CURSOR']) ?? '',
    message: text(fields['MESSAGE']) ?? '',
    priority: number(fields['PRIORITY']),
    identifier: identifierOf(fields),
    pid: number(fields['_PID']),
    messageId: text(fields['MESSAGE_ID']),
    unitResult: text(fields['UNIT_RESULT']),
    exitCode: text(fields['EXIT_CODE']),
    exitStatus: text(fields['EXIT_STATUS']),
    jobType: text(fields['JOB_TYPE']),
    jobResult: text(fields['JOB_RESULT']),
    uid: number(fields['_UID']),
  }
}

/**
 * SYSLOG_IDENTIFIER is whatever the sender says; fields with an underscore come from journald itself. Only PID 1 is
 * `systemd`, so that a service cannot speak in its name.
 */
function identifierOf(fields: Readonly<Record<string, unknown>>): string {
  if (text(fields['_PID']) === '1') return 'systemd'
  const said = text(fields['SYSLOG_IDENTIFIER']) ?? text(fields['_COMM']) ?? ''
  return said === 'systemd' ? `${said} (claimed by ${text(fields['_COMM']) ?? 'unknown'})` : said
}

/** A value that is not UTF-8 is an array of byte numbers; one that is very long is null; a repeated one is a list. */
function text(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return null
  if (value.every((byte) => typeof byte === 'number')) return Buffer.from(value).toString('utf8')
  return text(value[0])
}

function number(value: unknown): number | null {
  const digits = text(value)
  return digits !== null && /^\d+$/.test(digits) ? Number(digits) : null
}
