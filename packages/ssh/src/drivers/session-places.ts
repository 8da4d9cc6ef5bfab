/**
 * How many programs one connection runs at once. sshd refuses one above its `MaxSessions` (sshd_config(5): 10), which it
 * tells nobody before, and counts one that has ended for a moment longer; whoever is refused waits and asks again.
 */

export interface SessionPlaces {
  /** In the order in which they are asked for; null: nobody gets one any more. */
  take(signal?: AbortSignal): Promise<Place | null>
  /** Nobody gets one any more; who waits is told so. */
  close(): void
}

export interface Place {
  /** Its program runs. */
  readonly opened: () => void
  /** The host refused it. That is its last word when it says so again and again while nothing runs. */
  readonly refused: (signal?: AbortSignal) => Promise<'ask-again' | 'give-up'>
  readonly free: () => void
}

const usualMost = 10
/** It doubles, up to a second. To ask too early costs next to nothing. */
const firstPauseMs = 20
const longestPauseMs = 1_000
const mostRefusals = 6

export function sessionPlaces(most = usualMost): SessionPlaces {
  let taken = 0
  let running = 0
  /** Programs that were started so far. */
  let started = 0
  let isOpen = true
  const waiting: (() => void)[] = []
  const refused = new Set<() => void>()

  return {
    take(signal) {
      signal?.throwIfAborted()
      if (taken < most || !isOpen) return Promise.resolve(place())
      return new Promise((resolve, reject) => {
        const turn = (): void => {
          signal?.removeEventListener('abort', leave)
          resolve(place())
        }
        const leave = (): void => {
          waiting.splice(waiting.indexOf(turn), 1)
          reject(signal?.reason as Error)
        }
        signal?.addEventListener('abort', leave, { once: true })
        waiting.push(turn)
      })
    },
    close() {
      isOpen = false
      handOut()
    },
  }

  function place(): Place | null {
    if (!isOpen) return null
    taken++
    let isTaken = true
    let isRunning = false
    let startedBefore = started
    let refusals = 0
    return {
      opened() {
        started++
        // A short program has ended before anybody learns that it was started.
        if (!isTaken || isRunning) return
        isRunning = true
        running++
      },
      async refused(signal) {
        if (running > 0 || started > startedBefore) refusals = 0
        startedBefore = started
        if (++refusals === mostRefusals) return 'give-up'
        await pause(Math.min(firstPauseMs * 2 ** refusals, longestPauseMs), signal)
        return 'ask-again'
      },
      free() {
        if (!isTaken) return
        isTaken = false
        taken--
        if (isRunning) running--
        handOut()
      },
    }
  }

  function handOut(): void {
    for (const again of refused) again()
    const ready = isOpen ? Math.max(0, most - taken) : waiting.length
    for (const turn of waiting.splice(0, ready)) turn()
  }

  /** Until a place is free, the time is over, or nobody waits any more. */
  function pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        refused.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      refused.add(done)
      signal?.addEventListener('abort', done, { once: true })
    })
  }
}
