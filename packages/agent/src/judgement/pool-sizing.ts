/**
 * How many workers a pool may and should have. Pure; every number it used comes back in the answer.
 *
 * Memory is a wall: what all pools of the host can need together at their peaks must fit (reference F.3, F.4). Demand is
 * the wish: who is busy and who waits now, and what was recorded. Without a day of it the wish is trusted only up to twice
 * the present.
 */
import type { HostFacts, MemoryFacts, PoolFacts, PoolHistory, WorkerMemory } from '../survey/host-facts.ts'
import { atLimitLately } from './at-limit-lately.ts'
import { sizeAtLeast, sizeAtMost } from './size-series.ts'
import { isTrusted } from './trusted-history.ts'

export interface SizingWish {
  /** `php8.2-fpm/www` */
  readonly subject: string
  /** Memory kept for everything that is not PHP, MiB. */
  readonly reserveMiB: number
  /** A person's own number instead of the computed demand; memory still holds. */
  readonly maxChildren?: number
}

export type Sizing =
  | {
      readonly kind: 'sized'
      readonly to: number
      readonly because: string
      readonly arithmetic: readonly string[]
      readonly needsMiB: number
    }
  | { readonly kind: 'enough'; readonly because: string; readonly arithmetic: readonly string[] }
  | { readonly kind: 'refused'; readonly because: string; readonly toDo: string }

/** Room above the demand seen now, so that the next small rise does not queue at once. */
const headroom = 1.3
/** A worker that has served nothing yet tells little; no worker is taken to be smaller than this. */
const leastWorkerMiB = 8

export function sizePool(facts: HostFacts, wish: SizingWish): Sizing {
  const pools = facts.fpm.flatMap((service) => service.pools)
  const pool = pools.find((candidate) => candidate.subject === wish.subject)
  if (!pool || pool.maxChildren === null) {
    return refused(
      `The pool ${wish.subject} has no readable pm.max_children.`,
      'Run `fleetmend-agent diagnose` to see what could not be read.',
    )
  }
  const current = pool.maxChildren
  const history = facts.history.get(pool.subject) ?? null
  const worker = workerMiB(pool, history)
  if (!facts.memory || worker === null) {
    return refused(
      'Without the memory of running workers no size can be computed.',
      'Start the pool, let it serve for a while, and plan again.',
    )
  }
  const memory = memoryRoom(facts, facts.memory, pool, wish.reserveMiB, worker)
  if (wish.maxChildren !== undefined) {
    const arithmetic = [...memory.arithmetic, `asked for: ${wish.maxChildren}`]
    if (wish.maxChildren > memory.workers) return tooMuch(`${wish.maxChildren} workers were asked for`, memory, worker)
    if (wish.maxChildren === current)
      return { kind: 'enough', because: `pm.max_children of ${pool.subject} is ${current} already.`, arithmetic }
    return sized(pool, wish.maxChildren, current, worker, arithmetic)
  }
  const wasAtLimit = facts.fpm.some((each) => each.pools.includes(pool) && atLimitLately(facts, each, pool).length > 0)
  const demand = demandOf(pool, current, history, wasAtLimit)
  const arithmetic = [...memory.arithmetic, ...demand.arithmetic]
  const trust = trustIn(history, current)
  const wanted = Math.min(demand.size, trust.most)
  if (wanted <= current) {
    return {
      kind: 'enough',
      because: `${current} workers are enough for what ${pool.subject} has to do now.`,
      arithmetic,
    }
  }
  const to = sizeAtMost(Math.min(wanted, memory.workers))
  if (to === null || to <= current) return tooMuch(`${wanted} workers would be needed`, memory, worker)
  return sized(pool, to, current, worker, [
    ...arithmetic,
    ...trust.arithmetic,
    `→ min(demand ${demand.size}${trust.most === Infinity ? '' : `, doubled ${trust.most}`}, memory ${memory.workers}), rounded down to the size series: ${to}`,
  ])
}

/**
 * What one more worker can cost at its peak: the 95th percentile over the pool's workers of the most each ever had
 * resident, less what all of them share (opcache's segment, program text); never below what one holds privately now.
 */
export function peakMarginalMiB(pool: PoolFacts): number | null {
  const peaks = pool.workers.flatMap((worker) => (worker.memory ? [marginalKiB(worker.memory)] : []))
  if (peaks.length === 0) return null
  const sorted = peaks.toSorted((a, b) => a - b)
  const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0
  return Math.max(leastWorkerMiB, Math.ceil(p95 / 1024))
}

function marginalKiB(memory: WorkerMemory): number {
  return Math.max(memory.privateKiB, memory.peakRssKiB - memory.sharedMemoryKiB - memory.sharedFileKiB)
}

interface MemoryRoom {
  readonly workers: number
  readonly arithmetic: readonly string[]
}

/** What FPM as a whole may grow to, less what is shared once and what every other pool can need at its own peak. */
function memoryRoom(
  facts: HostFacts,
  memory: MemoryFacts,
  pool: PoolFacts,
  reserveMiB: number,
  workerMiB: number,
): MemoryRoom {
  const own = facts.fpm.filter((candidate) => candidate.pools.includes(pool))
  const inUseMiB = (services: HostFacts['fpm']) =>
    Math.ceil(services.reduce((sum, each) => sum + pssKiB(each), 0) / 1024)
  const hostMiB = memory.availableMiB + inUseMiB(facts.fpm)
  const arithmetic = [
    `host: ${memory.availableMiB} MiB available + ${inUseMiB(facts.fpm)} MiB that FPM uses now = ${hostMiB} MiB`,
  ]
  const limit = own.map(({ service }) => memory.cgroupLimitMiB.get(service)).find((each) => each !== undefined)
  const inCgroupMiB = limit && limit.limitMiB - limit.usedMiB + inUseMiB(own)
  if (limit)
    arithmetic.push(
      `cgroup ${limit.path}: limit ${limit.limitMiB} − ${limit.usedMiB} used + ${inUseMiB(own)} of FPM = ${inCgroupMiB} MiB`,
    )

  const sharedMiB = Math.ceil(facts.fpm.reduce((sum, each) => sum + sharedKiB(each), 0) / 1024)
  const others = facts.fpm.flatMap((each) => each.pools).filter((other) => other !== pool)
  const othersMiB = others.reduce(
    (sum, other) => sum + (other.maxChildren ?? 0) * (peakMarginalMiB(other) ?? workerMiB),
    0,
  )
  const budgetMiB = Math.min(hostMiB, inCgroupMiB ?? Infinity) - reserveMiB - sharedMiB - othersMiB
  arithmetic.push(
    `− reserve ${reserveMiB} − shared once (master, opcache) ${sharedMiB} − other pools at their peaks ${othersMiB} = ${budgetMiB} MiB`,
    `one worker at its peak: ${workerMiB} MiB (95th percentile of VmHWM less shared pages, ${pool.workers.length} workers)`,
    `memory holds ${Math.max(0, Math.floor(budgetMiB / workerMiB))} workers`,
  )
  return { workers: Math.max(0, Math.floor(budgetMiB / workerMiB)), arithmetic }
}

function pssKiB(service: HostFacts['fpm'][number]): number {
  const workers = service.pools.flatMap((pool) => pool.workers)
  return workers.reduce((sum, worker) => sum + (worker.memory?.pssKiB ?? 0), service.masterMemory?.pssKiB ?? 0)
}

/** The master's own pages and the largest shared segment any process of it maps: both exist once. */
function sharedKiB(service: HostFacts['fpm'][number]): number {
  const all = [service.masterMemory, ...service.pools.flatMap((pool) => pool.workers.map((worker) => worker.memory))]
  const segments = all.map((memory) => memory?.sharedMemoryKiB ?? 0)
  return (service.masterMemory?.privateKiB ?? 0) + Math.max(0, ...segments)
}

/** As now, or as the peaks of the last days: a worker that was recycled takes its peak with it. */
function workerMiB(pool: PoolFacts, history: PoolHistory | null): number | null {
  const now = peakMarginalMiB(pool)
  const recorded = history?.peakP95MiB ?? null
  return now === null ? recorded : Math.max(now, recorded ?? 0)
}

/** What demand may rest on: a day of samples, or at most twice of what there is. */
function trustIn(
  history: PoolHistory | null,
  current: number,
): { readonly most: number; readonly arithmetic: readonly string[] } {
  if (history && isTrusted(history)) return { most: Infinity, arithmetic: [] }
  const recorded = history
    ? `only ${history.samples} samples over ${history.spanHours.toFixed(1)} hours are recorded here`
    : 'no history of demand is recorded here yet'
  return { most: current * 2, arithmetic: [`at most doubled, because ${recorded}: ${current * 2}`] }
}

/** Busy and waiting, now or recorded. With a queue every worker is busy; the longest queue of the samples counts. */
function demandOf(
  pool: PoolFacts,
  current: number,
  history: PoolHistory | null,
  wasAtLimit: boolean,
): { readonly size: number; readonly arithmetic: readonly string[] } {
  const waiting = pool.queue.ok ? Math.max(0, ...pool.queue.value.waiting) : 0
  const busy = pool.status.ok ? pool.status.value.active : waiting > 0 ? Math.min(current, pool.workers.length) : 0
  const recorded = history?.demandP95 ?? 0
  // All of them were in use then, and how many more were wanted nobody has written down.
  const lately = wasAtLimit ? current : 0
  const size = sizeAtLeast(Math.ceil(Math.max(busy + waiting, recorded, lately) * headroom))
  const days = history
    ? ` (95 % of ${history.samples} samples: at most ${history.demandP95}; the most: ${history.demandMost})`
    : ''
  const peak = wasAtLimit ? ` (all ${current} within the last hour)` : ''
  return { size, arithmetic: [`demand now: ${busy} busy + ${waiting} waiting${peak}${days}, × ${headroom} → ${size}`] }
}

function sized(pool: PoolFacts, to: number, current: number, workerMiB: number, arithmetic: readonly string[]): Sizing {
  const needsMiB = Math.max(0, to - current) * workerMiB
  const because = `pm.max_children of ${pool.subject} goes from ${current} to ${to}; the ${to > current ? 'new' : 'remaining'} workers need at most ${needsMiB} MiB more at their peak.`
  return { kind: 'sized', to, because, arithmetic, needsMiB }
}

function tooMuch(what: string, memory: MemoryRoom, workerMiB: number): Sizing {
  return refused(
    `${what}, but memory holds only ${memory.workers} at ${workerMiB} MiB each (${memory.arithmetic.join('; ')}).`,
    'Make requests smaller or faster, give the host more memory, or lower the reserve with `--input reserveMiB=N`.',
  )
}

function refused(because: string, toDo: string): Sizing {
  return { kind: 'refused', because, toDo }
}
