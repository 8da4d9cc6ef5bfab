/**
 * Whether a maintenance window is open, and when the next one opens. A window is told by the hands of a clock: where a
 * clock is put forward over the time it opens at, it opens when the clock has jumped; where the time comes twice, at the
 * first of them.
 */
import type { MaintenanceWindow, Weekday } from './model/policy.ts'

export type Maintenance =
  /** `untilMs` is when the last of those that are open closes; null: there are no windows, and it is always open. */
  { readonly isOpen: true; readonly untilMs: number | null } | { readonly isOpen: false; readonly nextMs: number }

/** `zone` is an IANA name, or UTC. */
export function maintenanceAt(windows: readonly MaintenanceWindow[], zone: string, nowMs: number): Maintenance {
  if (windows.length === 0) return { isOpen: true, untilMs: null }
  const today = Temporal.Instant.fromEpochMilliseconds(Math.floor(nowMs)).toZonedDateTimeISO(zone).toPlainDate()
  // From yesterday, because a window closes on the day after it opened at the latest. A week on its day comes again, and
  // another week on where the first time it is the hour that a clock leaves out.
  const times = Array.from({ length: 17 }, (_, index) => today.add({ days: index - 1 }))
    .flatMap((date) =>
      windows
        .filter(({ days }) => days.some((day) => weekdays.indexOf(day) + 1 === date.dayOfWeek))
        .map((window) => opening(window, date, zone)),
    )
    .filter(({ fromMs, toMs }) => fromMs < toMs)
  const open = times.filter(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs)
  if (open.length > 0) return { isOpen: true, untilMs: Math.max(...open.map(({ toMs }) => toMs)) }
  return { isOpen: false, nextMs: Math.min(...times.map(({ fromMs }) => fromMs).filter((fromMs) => fromMs > nowMs)) }
}

/** As ISO 8601 counts them. */
const weekdays: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

interface Opening {
  readonly fromMs: number
  readonly toMs: number
}

function opening({ from, to }: MaintenanceWindow, date: Temporal.PlainDate, zone: string): Opening {
  const at = (day: Temporal.PlainDate, time: string) =>
    day.toZonedDateTime({ timeZone: zone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds
  return { fromMs: at(date, from), toMs: at(to > from ? date : date.add({ days: 1 }), to) }
}
