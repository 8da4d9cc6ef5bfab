/** What the samples of the last days say of a pool: how much was asked of it at once, and what a worker grew to. Pure. */
import type { HostFacts, PoolHistory } from '../survey/host-facts.ts'
import type { Sample } from './sample.ts'

/** `samples`: oldest first. */
export function demandHistory(samples: readonly Sample[]): HostFacts['history'] {
  const seen = new Map<string, { atMs: number[]; demand: number[]; peakMiB: number[] }>()
  for (const { at, pools } of samples) {
    for (const { pool, busy, waiting, peakMiB } of pools) {
      const known = seen.get(pool) ?? { atMs: [], demand: [], peakMiB: [] }
      known.atMs.push(Date.parse(at))
      known.demand.push(busy + waiting)
      if (peakMiB !== null) known.peakMiB.push(peakMiB)
      seen.set(pool, known)
    }
  }
  return new Map([...seen].map(([pool, { atMs, demand, peakMiB }]) => [pool, historyOf(atMs, demand, peakMiB)]))
}

function historyOf(atMs: readonly number[], demand: readonly number[], peakMiB: readonly number[]): PoolHistory {
  return {
    samples: atMs.length,
    spanHours: ((atMs.at(-1) ?? 0) - (atMs[0] ?? 0)) / 3_600_000,
    demandP95: p95(demand) ?? 0,
    demandMost: demand.reduce((most, each) => Math.max(most, each), 0),
    peakP95MiB: p95(peakMiB),
  }
}

/** Nearest rank; null of nothing. */
function p95(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? null
}
