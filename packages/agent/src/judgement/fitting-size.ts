/** The size at which all workers of all pools fit into the memory there is, for the pool that can need most. */
import type { HostFacts } from '../survey/host-facts.ts'
import { sizePool } from './pool-sizing.ts'
import { sizeAtMost } from './size-series.ts'
import type { WorstCase } from './worst-case.ts'

/** The largest size of the largest pool that `tune-pool` would agree to, when all others keep theirs. */
export function fittingInput(facts: HostFacts, { needsMiB, holdsMiB, largest }: WorstCase): FittingInput | null {
  const { subject, maxChildren, workerMiB } = largest
  const reserveMiB = Math.max(leastReserveMiB, Math.round(holdsMiB * keptFree))
  let size = sizeAtMost(Math.floor(maxChildren - (needsMiB - holdsMiB) / workerMiB))
  while (size !== null && size >= 1) {
    const sizing = sizePool(facts, { subject, reserveMiB, maxChildren: size })
    if (sizing.kind === 'sized' && size < maxChildren) return { pool: subject, maxChildren: size, reserveMiB }
    size = sizeAtMost(size - 1)
  }
  return null
}

export interface FittingInput {
  readonly pool: string
  readonly maxChildren: number
  readonly reserveMiB: number
}

/** For everything that is not PHP. */
const keptFree = 0.15
const leastReserveMiB = 64
