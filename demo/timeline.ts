/** What customers of one host saw, second by second, cut into before, while it was repaired, and after. Pure. */
import type { Second } from '../test/lab/load.ts'

export interface Share {
  readonly asked: number
  readonly lost: number
}

/** Seconds since the load began; the repair lasts from the first to the last. */
export interface Repair {
  readonly beginS: number
  readonly endS: number
}

export interface Timeline {
  readonly before: Share
  readonly during: Share
  readonly after: Share
  /** A character a second: how large the share of lost requests was. */
  readonly picture: string
}

const heights = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

export function timelineOf(seconds: readonly Second[], { beginS, endS }: Repair): Timeline {
  return {
    before: shareOf(seconds.slice(0, beginS)),
    during: shareOf(seconds.slice(beginS, endS)),
    after: shareOf(seconds.slice(endS)),
    picture: seconds.map(heightOf).join(''),
  }
}

export function percent({ asked, lost }: Share): string {
  if (asked === 0) return '–'
  const share = (100 * lost) / asked
  // A single lost request of thousands is not nothing.
  return lost > 0 && share < 1 ? '<1 %' : `${Math.round(share)} %`
}

function shareOf(seconds: readonly Second[]): Share {
  const lost = seconds.reduce((total, second) => total + second.lost, 0)
  return { asked: lost + seconds.reduce((total, second) => total + second.good, 0), lost }
}

function heightOf({ good, lost }: Second): string {
  if (good + lost === 0) return ' '
  return heights[Math.ceil((lost / (good + lost)) * (heights.length - 1))] ?? ' '
}
