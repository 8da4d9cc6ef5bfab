/** Which agents are connected, right now. Nothing of it is stored: it is true of a moment. */
import type { HostId } from '@fleetmend/shared'
import type { Clock } from '../runs/clock.ts'
import type { Session } from './session.ts'

export interface Sessions {
  get(host: HostId): Session | null
  all(): readonly Session[]
  /** The newest connection of a host is the one that counts: it knows best that the one before is gone. */
  enter(session: Session): void
  /** False where it was not connected. */
  cut(host: HostId): boolean
  /**
   * The session of a host, waiting for it a little where it may be on its way back: it was here a moment ago, or this
   * controller was not. Null: it is not connected.
   */
  reach(host: HostId, signal: AbortSignal): Promise<Session | null>
  close(): void
}

/** Agents that lost their controller try again after half a second, and then less and less often. */
const isComingBackForMs = 40_000
const waitMs = 8_000

export function openSessions(clock: Clock): Sessions {
  const connected = new Map<HostId, Session>()
  const leftAtMs = new Map<HostId, number>()
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
    get: (host) => connected.get(host) ?? null,
    all: () => [...connected.values()],
    enter(session) {
      const { host } = session
      connected.get(host)?.close()
      connected.set(host, session)
      for (const wake of waiting.get(host) ?? []) wake()
      void session.ended.then(() => {
        if (connected.get(host) !== session) return
        connected.delete(host)
        leftAtMs.set(host, clock.nowMs())
      })
    },
    cut(host) {
      const session = connected.get(host)
      session?.close()
      return session !== undefined
    },
    async reach(host, signal) {
      if (!connected.has(host) && !signal.aborted && mayComeBack(host)) await arrival(host, signal)
      return connected.get(host) ?? null
    },
    close() {
      for (const session of connected.values()) session.close()
    },
  }
}
