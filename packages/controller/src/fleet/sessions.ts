/** Which agents are connected, right now. Nothing of it is stored: it is true of a moment. */
import type { HostId, Problem } from '@fleetmend/shared'
import type { Clock } from '../runs/clock.ts'
import { openCatalogues, type Catalogues } from './catalogues.ts'
import type { Session } from './session.ts'

export interface Sessions {
  /** What the agents that are here can find and do. */
  readonly catalogues: Catalogues
  get(host: HostId): Session | null
  all(): readonly Session[]
  /** The newest connection of a host is the one that counts: it knows best that the one before is gone. */
  enter(session: Session): void
  /**
   * A line of this host that has not said yet who it is. It takes the place of another such line, and is cut with the
   * host. Returns what forgets it.
   */
  arriving(host: HostId, close: (because?: Problem) => void): () => void
  /** Every line of this host, at once. One that was removed does not come back, and is not waited for. */
  cut(host: HostId, because: Problem, comesBack: boolean): void
  /**
   * The session of a host, waiting for it a little where it may be on its way back: it was here a moment ago, or this
   * controller was not. Null: it is not connected.
   */
  reach(host: HostId, signal: AbortSignal): Promise<Session | null>
  /** Where the controller goes to the host: what keeps it from there. Null: nothing any more. */
  cannotReach(host: HostId, why: Problem | null): void
  /** Null: the host is here, or nobody knows. */
  whyAway(host: HostId): Problem | null
  close(): void
}

/** Agents that lost their controller try again after half a second, and then less and less often. */
const isComingBackForMs = 40_000
const waitMs = 8_000

export function openSessions(clock: Clock): Sessions {
  const connected = new Map<HostId, Session>()
  const leftAtMs = new Map<HostId, number>()
  const away = new Map<HostId, Problem>()
  const arriving = new Map<HostId, (because?: Problem) => void>()
  const waiting = new Map<HostId, Set<() => void>>()
  const startedMs = clock.nowMs()

  const mayComeBack = (host: HostId): boolean => clock.nowMs() - (leftAtMs.get(host) ?? startedMs) < isComingBackForMs

  async function arrival(host: HostId, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    const wake = (): void => over.abort()
    const others = waiting.get(host) ?? new Set()
    waiting.set(host, others.add(wake))
    signal.addEventListener('abort', wake, { once: true })
    await clock.sleep(waitMs, over.signal)
    signal.removeEventListener('abort', wake)
    others.delete(wake)
    if (others.size === 0) waiting.delete(host)
  }

  return {
    catalogues: openCatalogues(),
    get: (host) => connected.get(host) ?? null,
    all: () => [...connected.values()],
    enter(session) {
      const { host } = session
      connected.get(host)?.close()
      connected.set(host, session)
      away.delete(host)
      for (const wake of waiting.get(host) ?? []) wake()
      void session.ended.then(() => {
        if (connected.get(host) !== session) return
        connected.delete(host)
        leftAtMs.set(host, clock.nowMs())
      })
    },
    arriving(host, close) {
      arriving.get(host)?.()
      arriving.set(host, close)
      return () => {
        if (arriving.get(host) === close) arriving.delete(host)
      }
    },
    cut(host, because, comesBack) {
      arriving.get(host)?.(because)
      connected.get(host)?.close(because)
      connected.delete(host)
      leftAtMs.set(host, comesBack ? clock.nowMs() : -Infinity)
      for (const wake of waiting.get(host) ?? []) wake()
    },
    async reach(host, signal) {
      if (!connected.has(host) && !signal.aborted && mayComeBack(host)) await arrival(host, signal)
      return connected.get(host) ?? null
    },
    cannotReach(host, why) {
      if (why === null) away.delete(host)
      else away.set(host, why)
    },
    whyAway: (host) => away.get(host) ?? null,
    close() {
      for (const close of arriving.values()) close()
      for (const session of connected.values()) session.close()
    },
  }
}
