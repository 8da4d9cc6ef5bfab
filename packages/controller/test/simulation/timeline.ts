/** Simulated time: what is to happen, in the order in which it happens. Nothing happens by itself. */
import type { Chance } from './chance.ts'

export interface Timeline {
  nowMs(): number
  /** Returns what takes it back. */
  after(ms: number, happen: () => void): () => void
  /** Goes on to what happens next; of what happens at the same instant, chance decides. False: nothing will. */
  step(): boolean
}

interface Item {
  readonly atMs: number
  readonly order: number
  readonly happen: () => void
}

export function timelineFrom(startMs: number, chance: Chance): Timeline {
  let nowMs = startMs
  const items = new Set<Item>()
  return {
    nowMs: () => nowMs,
    after(ms, happen) {
      const item = { atMs: nowMs + Math.max(0, ms), order: chance.next(), happen }
      items.add(item)
      return () => items.delete(item)
    },
    step() {
      let next: Item | null = null
      for (const item of items)
        if (next === null || item.atMs < next.atMs || (item.atMs === next.atMs && item.order < next.order)) next = item
      if (next === null) return false
      items.delete(next)
      nowMs = next.atMs
      next.happen()
      return true
    },
  }
}
