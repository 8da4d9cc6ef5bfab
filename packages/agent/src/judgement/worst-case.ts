/** What all workers that pools may have can need together at their peaks, beside what there is (reference F.4). */
import type { FpmFacts, HostFacts, MemoryFacts } from '../survey/host-facts.ts'
import { peakMarginalMiB } from './pool-sizing.ts'

export interface WorstCase {
  /** The service with the pool that can need most. */
  readonly service: FpmFacts
  readonly needsMiB: number
  readonly holdsMiB: number
  /** A clause before the number: "this host can give". */
  readonly limitedBy: string
  readonly source: string
  readonly says: string
  readonly arithmetic: readonly string[]
  readonly largest: PoolNeed
  /** There is next to nothing left now, and PHP holds most of it. */
  readonly isOut: boolean
}

interface PoolNeed {
  readonly service: FpmFacts
  readonly subject: string
  readonly maxChildren: number
  readonly workerMiB: number
}

/** Less than this share of the whole counts as nothing left. */
const nothingLeft = 0.03

/** One for the host, with the pools of all services, and one for each service that has a limit of its own. */
export function worstCases({ fpm, memory }: HostFacts): readonly WorstCase[] {
  if (!memory) return []
  const running = fpm.filter(({ master }) => master !== null)
  const limited = running.flatMap((service) => inItsCgroup(service, memory))
  return [...onHost(running, memory), ...limited]
}

function onHost(services: readonly FpmFacts[], memory: MemoryFacts): readonly WorstCase[] {
  const usedMiB = services.reduce((sum, service) => sum + pssMiB(service), 0)
  return worstCase(services.flatMap(needsOf), {
    holdsMiB: memory.availableMiB + usedMiB,
    limitedBy: 'this host can give',
    source: '/proc/meminfo',
    says: `${memory.availableMiB} MiB available + ${usedMiB} MiB that PHP uses now`,
    isOut: memory.availableMiB < memory.totalMiB * nothingLeft && usedMiB > memory.totalMiB / 2,
  })
}

function inItsCgroup(service: FpmFacts, { cgroupLimitMiB }: MemoryFacts): readonly WorstCase[] {
  const limit = cgroupLimitMiB.get(service.service)
  if (!limit) return []
  const { limitMiB, usedMiB, path } = limit
  return worstCase(needsOf(service), {
    holdsMiB: limitMiB,
    limitedBy: 'the limit above it is',
    source: path,
    says: `${usedMiB} of ${limitMiB} MiB used`,
    isOut: limitMiB - usedMiB < limitMiB * nothingLeft && pssMiB(service) > limitMiB / 2,
  })
}

/** What cannot be known of a pool is not counted, so that the sum is never too big. */
function needsOf(service: FpmFacts): readonly PoolNeed[] {
  return service.pools.flatMap((pool) => {
    const workerMiB = peakMarginalMiB(pool)
    const { subject, maxChildren } = pool
    return workerMiB === null || maxChildren === null ? [] : [{ service, subject, maxChildren, workerMiB }]
  })
}

type Room = Pick<WorstCase, 'holdsMiB' | 'limitedBy' | 'source' | 'says' | 'isOut'>

function worstCase(pools: readonly PoolNeed[], room: Room): readonly WorstCase[] {
  const needs = pools.map((pool) => ({ ...pool, mib: pool.maxChildren * pool.workerMiB }))
  const largest = needs.toSorted((a, b) => b.mib - a.mib)[0]
  const needsMiB = needs.reduce((sum, { mib }) => sum + mib, 0)
  if (!largest || needsMiB <= room.holdsMiB) return []
  const arithmetic = needs.map(
    ({ subject, maxChildren, workerMiB, mib }) =>
      `${subject}: ${maxChildren} workers × ${workerMiB} MiB at their peak = ${mib} MiB`,
  )
  return [{ service: largest.service, needsMiB, ...room, arithmetic, largest }]
}

function pssMiB({ masterMemory, pools }: FpmFacts): number {
  const workers = pools.flatMap((pool) => pool.workers)
  const kib = workers.reduce((sum, { memory }) => sum + (memory?.pssKiB ?? 0), masterMemory?.pssKiB ?? 0)
  return Math.ceil(kib / 1024)
}
