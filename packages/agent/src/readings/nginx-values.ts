/** What nginx makes of a time or a size in its configuration (`ngx_parse_time`, `ngx_parse_size`). */

const unitsMs: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 7 * 86_400_000],
  // nginx's month has 30 days, its year 365.
  ['M', 30 * 86_400_000],
  ['y', 365 * 86_400_000],
])

/** `90`, `1m30s`, `500ms`, blanks between the parts. Null is what nginx refuses, or what holds a variable. */
export function nginxTimeMs(value: string): number | null {
  if (!/^(?:\d+(?:ms|[smhdwMy]) *)*\d+(?:ms|[smhdwMy])?$/.test(value)) return null
  return [...value.matchAll(/(\d+)(ms|[smhdwMy])?/g)].reduce(
    (sum, [, number, unit = 's']) => sum + Number(number) * (unitsMs.get(unit) ?? 0),
    0,
  )
}

/** `8192`, `16k`, `1m`. */
export function nginxBytes(value: string): number | null {
  const match = /^(\d+)([kKmM]?)$/.exec(value)
  if (!match) return null
  const [, number, unit = ''] = match
  return Number(number) * (unit === '' ? 1 : unit.toLowerCase() === 'k' ? 1024 : 1024 * 1024)
}
