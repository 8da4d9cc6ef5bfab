/** A constant, open-loop load on one host: so many requests a second whatever the answers, each on its own connection. */
import { Agent, request } from 'node:http'

export interface LoadPlan {
  readonly address: string
  readonly path: string
  readonly perSecond: number
  /** Never runs longer, even if nobody stops it. */
  readonly atMostMs: number
}

export interface LoadCount {
  readonly sent: number
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>
  /** Connections refused, reset or cut. */
  readonly broken: number
  readonly slowestMs: number
}

export interface Load {
  /** Sends no more, waits for what is under way, and counts. */
  stop(): Promise<LoadCount>
  /** What was lost so far: broken, or answered with 5xx. */
  lost(): number
}

const answerLimitMs = 60_000

export function startLoad(plan: LoadPlan): Load {
  const statuses = new Map<number, number>()
  const underway = new Set<Promise<void>>()
  let sent = 0
  let broken = 0
  let slowestMs = 0

  const one = () =>
    new Promise<void>((resolve) => {
      const startedMs = performance.now()
      const done = (status: number) => {
        if (status === 0) broken++
        else statuses.set(status, (statuses.get(status) ?? 0) + 1)
        slowestMs = Math.max(slowestMs, performance.now() - startedMs)
        resolve()
      }
      const agent = new Agent({ keepAlive: false })
      const asked = request({ host: plan.address, path: plan.path, agent, timeout: answerLimitMs }, (answer) => {
        let whole = false
        answer.on('end', () => (whole = answer.complete))
        // An answer that is cut in the middle is lost, whatever its status says.
        answer.on('close', () => done(whole ? (answer.statusCode ?? 0) : 0))
        answer.resume()
      })
      asked.on('timeout', () => asked.destroy())
      asked.on('error', () => done(0))
      asked.end()
    })

  const beganMs = performance.now()
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - beganMs
    if (elapsedMs > plan.atMostMs) return clearInterval(timer)
    for (const due = (elapsedMs / 1000) * plan.perSecond; sent < due; ) {
      sent++
      const asked = one()
      underway.add(asked)
      void asked.then(() => underway.delete(asked))
    }
  }, 5)

  const lost = () => broken + [...statuses].reduce((sum, [status, count]) => sum + (status >= 500 ? count : 0), 0)
  return {
    lost,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(underway)
      return { sent, statuses, broken, slowestMs }
    },
  }
}

export function lostIn({ statuses, broken }: LoadCount): number {
  return broken + [...statuses].reduce((sum, [status, count]) => sum + (status >= 500 ? count : 0), 0)
}
