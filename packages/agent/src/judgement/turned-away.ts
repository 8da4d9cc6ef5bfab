/** Whether connections to a pool are refused for want of room in its queue, now or in the last minutes. */
import type { SiteProbe } from '@fleetmend/shared'
import { localTimeMs } from '../readings/log-time.ts'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { sitesOf } from './same-address.ts'
import { standingErrorsOf } from './standing-errors.ts'

const recentMs = 2 * 60_000

export function turnsAway(facts: HostFacts, pool: PoolFacts): boolean {
  return (
    isOverfull(pool) ||
    triesAway(facts, pool) > 0 ||
    probesAway(facts, pool).length > 0 ||
    errorsAway(facts, pool).length > 0
  )
}

/**
 * In one look there was no room, and in none was the queue empty: a worker that takes one makes room for a moment. The
 * kernel lets one more wait than the limit says (`sk_acceptq_is_full`), and over TCP drops what comes then, telling nobody.
 */
function isOverfull({ queue }: PoolFacts): boolean {
  if (!queue.ok) return false
  const { waiting, limit } = queue.value
  return Math.max(...waiting) > (limit ?? Infinity) && Math.min(...waiting) > 0
}

/** Longer ago, and there may be room by now. */
const triedLatelyMs = 2000
/** A handshake on a busy host. */
const handshakeMs = 50

/**
 * How many visitors of a pool on TCP were dropped a moment ago and will try again: a short queue is empty for moments, as
 * they come back only after a second, and then after two. Where a firewall drops them, workers soon hold no connection.
 */
export function triesAway(facts: HostFacts, pool: PoolFacts): number {
  const { held, droppedAgoMs } = pool.connections
  if (held * 2 < Math.max(pool.workers.length, 1)) return 0
  const limitMs = Math.min(triedLatelyMs, facts.takenAtMs - loadedBeforeMs(facts, pool))
  return droppedAgoMs.filter((agoMs) => agoMs >= handshakeMs && agoMs < limitMs).length
}

export function errorsAway(facts: HostFacts, pool: PoolFacts): HostFacts['nginx']['errors'] {
  const since = loadedBeforeMs(facts, pool)
  return standingErrorsOf(facts, pool, ['connect-backlog-full'], recentMs).filter(
    ({ localTime }) => localTimeMs(localTime) >= since,
  )
}

/**
 * A longer queue takes a restart, and more workers a reload. Both logs count whole seconds: what was in the very second of
 * it may have been before.
 */
function loadedBeforeMs({ fpm }: HostFacts, pool: PoolFacts): number {
  const service = fpm.find(({ pools }) => pools.includes(pool))
  return Math.floor((service?.loadedAtMs ?? 0) / 1000) * 1000 + 1000
}

export function probesAway(facts: HostFacts, pool: PoolFacts): readonly SiteProbe[] {
  return sitesOf(facts, [pool]).flatMap(({ probes }) => probes.filter(({ errno }) => errno === 'EAGAIN'))
}

/** PHP's own default before 8.2: a burst that fills it has other reasons than a short queue. */
export const usualBacklog = 511

/** A longer queue helps where this one is shorter than usual, and its own setting is what makes it so. */
export function isShortQueue({ queue }: PoolFacts): boolean {
  return queue.ok && queue.value.limit !== null && queue.value.limit < usualBacklog
}

/** What the kernel allows, where that is what keeps a queue short (listen(2): the smaller of the two holds). */
export function kernelLimit({ capacity }: HostFacts, { queue }: PoolFacts): number | null {
  const { somaxconn } = capacity
  const limit = queue.ok ? queue.value.limit : null
  return somaxconn !== null && limit !== null && somaxconn < usualBacklog && limit >= somaxconn ? somaxconn : null
}

/** What a person does about that; it holds for sockets that are opened afterwards. */
export function kernelLimitSteps(service: string): string {
  return (
    `\`sysctl -w net.core.somaxconn=4096\`, the same line (\`net.core.somaxconn = 4096\`) in a file of /etc/sysctl.d, ` +
    `then \`fleetmend-agent plan restart-fpm --input service=${service} --input anyway=true\`.`
  )
}
