/** How long something is to be good, as people say it: `12h`, `30d`, `2w`. */
import { InvalidArgumentError } from '@commander-js/extra-typings'

const minuteMs = 60_000
const unitMs = { m: minuteMs, h: 60 * minuteMs, d: 24 * 60 * minuteMs, w: 7 * 24 * 60 * minuteMs } as const

/** In milliseconds, up to ten years. */
export function life(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,6})([mhdw])$/.exec(text) ?? []
  const ms = Number(digits) * (unitMs[unit as keyof typeof unitMs] ?? 0)
  if (ms >= minuteMs && ms <= 3650 * unitMs.d) return ms
  throw new InvalidArgumentError('It takes a number with m, h, d or w behind it, up to ten years: 12h, 30d, 2w.')
}
