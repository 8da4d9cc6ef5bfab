/** What the follower of a subscription is told: to handlers, as with tRPC's own client, or in a loop. */
import type { ResultBody } from './frames.ts'
import type { CallError } from './peer-calling.ts'

/** Nothing is told to who has left. */
export interface SubscriptionHandlers {
  readonly onStarted?: (opts: { context: undefined }) => void
  readonly onData?: (event: unknown) => void
  /** Of these two one comes last: it broke off, or it has ended, here by a signal or there. */
  readonly onError?: (error: CallError) => void
  readonly onComplete?: () => void
  /** Before `onComplete`: the other side has no more. */
  readonly onStopped?: () => void
}

export interface Unsubscribable {
  unsubscribe(): void
}

export function tell(handlers: SubscriptionHandlers, result: ResultBody): void {
  if (result.type === 'data') return handlers.onData?.(result.data)
  if (result.type === 'started') return handlers.onStarted?.({ context: undefined })
  handlers.onStopped?.()
  handlers.onComplete?.()
}

/** For a `for await` loop: events are kept until they are asked for, and leaving the loop leaves the subscription. */
export function eventsOf(
  subscribe: (handlers: SubscriptionHandlers) => Unsubscribable,
): AsyncIterableIterator<unknown, undefined> {
  const events: unknown[] = []
  let failure: { readonly error: unknown } | null = null
  let ended = false
  let news = Promise.withResolvers<void>()

  const wake = (): void => {
    news.resolve()
    news = Promise.withResolvers<void>()
  }
  const end = (): void => {
    ended = true
    wake()
  }
  const subscription = subscribe({
    onData(event) {
      events.push(event)
      wake()
    },
    onError(error) {
      failure = { error }
      end()
    },
    onComplete: end,
  })

  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      for (;;) {
        if (events.length > 0) return { value: events.shift(), done: false }
        if (failure !== null) {
          const { error } = failure
          failure = null
          throw error
        }
        if (ended) return { value: undefined, done: true }
        await news.promise
      }
    },
    async return() {
      events.length = 0
      failure = null
      subscription.unsubscribe()
      end()
      return { value: undefined, done: true }
    },
  }
}
