/**
 * A load generator: GETs at a fixed pace whatever the answers do (open loop), so that a host that stalls is seen to
 * stall. Bounded in rate, number, time and requests in flight, and it counts each request exactly once.
 */
import { get, type Answer, type GetOptions } from './http-get.ts'

export interface LoadOptions extends GetOptions {
  readonly path: string
  readonly perSecond: number
  /** It ends by itself when this is over. */
  readonly forMs: number
  /** Ends it earlier. */
  readonly requests?: number
  /** Told of each request as it ends. */
  readonly onEnded?: (ended: Ended) => void
}

export interface Ended {
  /** By `performance.now()` of this process. */
  readonly atMs: number
  readonly tookMs: number
  /** A complete answer below 400. */
  readonly isGood: boolean
  /** `200`, `502`, `ECONNRESET` … */
  readonly outcome: string
}

export interface LoadReport {
  readonly sent: number
  /** Complete answers below 400. */
  readonly good: number
  /** Everything else that was sent and has ended. */
  readonly lost: number
  /** `200`, `502`, `ECONNRESET`, `timed-out` … → how many. */
  readonly outcomes: Readonly<Record<string, number>>
  /** When the first of the lost ended, and how; at most 20. */
  readonly firstLost: readonly { readonly atMs: number; readonly outcome: string }[]
  /** What ended in each second since the start. */
  readonly bySecond: readonly Second[]
  /** Not sent, because too many were unanswered already. */
  readonly heldBack: number
  readonly latencyMs: { readonly median: number; readonly p95: number; readonly p99: number; readonly max: number }
}

export interface Second {
  readonly good: number
  readonly lost: number
}

export interface Load extends AsyncDisposable {
  /** So far. */
  report(): LoadReport
  /** Sends no more, waits for what is in flight. */
  stop(): Promise<LoadReport>
  /** Resolves when the load has ended, by itself or stopped. */
  readonly finished: Promise<LoadReport>
}

/** What a test machine with two processors can send without measuring itself. */
const limits = { perSecond: 1000, requests: 200_000, forMs: 10 * 60_000, inFlight: 1000 }
const paceMs = 5

/** Longer than nginx waits for PHP by default (60 s), so that what is counted is nginx's answer. */
const answerLimitMs = 65_000

export function startLoad(
  address: string,
  { path, perSecond, forMs, requests = limits.requests, onEnded, ...options }: LoadOptions,
): Load {
  if (perSecond > limits.perSecond || requests > limits.requests || forMs > limits.forMs)
    throw new Error(`A load is at most ${JSON.stringify(limits)}.`)
  const startedMs = performance.now()
  const latencies: number[] = []
  const outcomes: Record<string, number> = {}
  const firstLost: { atMs: number; outcome: string }[] = []
  const bySecond: ({ good: number; lost: number } | undefined)[] = []
  let [sent, good, lost, heldBack, stopped] = [0, 0, 0, 0, false]
  const { promise: finished, resolve: finish } = Promise.withResolvers<LoadReport>()

  const report = (): LoadReport => ({
    sent,
    good,
    lost,
    outcomes: { ...outcomes },
    firstLost: [...firstLost],
    bySecond: Array.from(bySecond, (second) => second ?? { good: 0, lost: 0 }),
    heldBack,
    latencyMs: spread(latencies),
  })

  const count = (answer: Answer): void => {
    const outcome = answer.kind === 'answered' ? String(answer.status) : answer.why
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    latencies.push(answer.tookMs)
    const isGood = answer.kind === 'answered' && answer.status < 400
    const second = (bySecond[Math.floor((performance.now() - startedMs) / 1000)] ??= { good: 0, lost: 0 })
    second[isGood ? 'good' : 'lost']++
    if (isGood) good++
    else if (++lost <= 20) firstLost.push({ atMs: Math.round(performance.now() - startedMs), outcome })
    onEnded?.({ atMs: performance.now(), tookMs: answer.tookMs, isGood, outcome })
    finishWhenDone()
  }

  const finishWhenDone = (): void => {
    if (stopped && good + lost === sent) finish(report())
  }

  const end = (): void => {
    stopped = true
    clearInterval(pace)
    finishWhenDone()
  }

  const send = (): void => {
    const elapsedMs = performance.now() - startedMs
    const due = Math.min(requests, Math.floor((Math.min(elapsedMs, forMs) * perSecond) / 1000))
    while (sent + heldBack < due) {
      if (sent - good - lost >= limits.inFlight) {
        heldBack++
      } else {
        sent++
        void get(address, path, { limitMs: answerLimitMs, ...options }).then(count)
      }
    }
    if (elapsedMs >= forMs || sent + heldBack >= requests) end()
  }

  const pace = setInterval(send, paceMs)
  const stop = (): Promise<LoadReport> => {
    end()
    return finished
  }
  return { report, stop, finished, [Symbol.asyncDispose]: async () => void (await stop()) }
}

function spread(latencies: readonly number[]): LoadReport['latencyMs'] {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10
  return { median: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}
