/**
 * A maintenance window with the zone whose clock it goes by, as it stands on a line: `mon-thu 22:00-05:00 Europe/Berlin`.
 * Pure; the zones are those that this machine knows.
 */
import * as z from 'zod/mini'
import { MaintenanceWindow, Weekday } from './policy.ts'

const Zone = z.string().check(z.refine(isZone, 'must be an IANA time zone such as Europe/Berlin, or UTC'))

export const ZonedWindow = z.extend(MaintenanceWindow, { zone: Zone })
export type ZonedWindow = z.infer<typeof ZonedWindow>

const form = /^(?<days>[a-z,-]+) (?<from>\d\d:\d\d)-(?<to>\d\d:\d\d) (?<zone>\S+)$/

/** Null: it is none. */
export function readZonedWindow(text: string): ZonedWindow | null {
  const found = form.exec(text.trim().replaceAll(/\s+/g, ' '))?.groups
  const days = found?.['days']?.split(',').flatMap(daysIn) ?? []
  const read = ZonedWindow.safeParse({ ...found, days: [...new Set(days)] })
  return read.success ? read.data : null
}

export function zonedWindowText({ days, from, to, zone }: ZonedWindow): string {
  return `${days.join(',')} ${from}-${to} ${zone}`
}

/** `mon` or `mon-thu`; over the weekend, too: `fri-mon`. What is no day stays as it is, and is refused. */
function daysIn(text: string): readonly string[] {
  if (text === 'daily') return Weekday.options
  const [first = '', last = first, more] = text.split('-')
  const [from, to] = [first, last].map((day) => (Weekday.options as readonly string[]).indexOf(day))
  if (from === undefined || to === undefined || from < 0 || to < 0 || more !== undefined) return [text]
  const count = ((to - from + 7) % 7) + 1
  return Array.from({ length: count }, (_, n) => Weekday.options[(from + n) % 7] ?? text)
}

/** Asking is slow, and whoever has windows asks for the same few again and again. */
const knownZones = new Set(['UTC'])

function isZone(name: string): boolean {
  if (knownZones.has(name)) return true
  // Offsets such as +01:00 are no zones of places, and know nothing of summer.
  if (!/^[A-Z][\w/+-]{1,60}$/.test(name)) return false
  try {
    const { timeZone } = Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions()
    if (timeZone !== '') knownZones.add(name)
    return timeZone !== ''
  } catch {
    return false
  }
}
