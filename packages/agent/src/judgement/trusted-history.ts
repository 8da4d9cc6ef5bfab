/** How much of a history a size may rest on. Pure. */
import type { PoolHistory } from '../survey/host-facts.ts'

/** A day: a size that rests on less knows no peak hour. */
const trustedHours = 24
/** Of the minutes of a day, allowing for a host that is switched off at night or an agent that was restarted. */
const trustedSamples = 700

/** Whether a size may rest on it alone; otherwise it may at most double what there is. */
export function isTrusted({ samples, spanHours }: PoolHistory): boolean {
  return spanHours >= trustedHours && samples >= trustedSamples
}
