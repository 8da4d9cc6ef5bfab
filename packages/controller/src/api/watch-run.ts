/** The story of a run as it is told to somebody who follows it: what is recorded, then what happens, without gap or repeat. */
import { hasEnded, problem, type Problem, type Run, type RunId, type RunNews } from '@fleetmend/shared'
import type { Driver, DriverNews } from '../runs/driver.ts'
import { eventNews } from '../runs/event-news.ts'
import type { RecordedEvent } from '../runs/run-event.ts'
import { begin, transition } from '../runs/transition.ts'
import { listEvents } from '../store/run-events.ts'
import type { Database } from '../store/tables.ts'

export interface NumberedNews {
  readonly number: number | null
  readonly news: RunNews
}

/** News that nobody has read yet; a reader this far behind is told only what is recorded. */
const keptNews = 10_000

export async function* watchRun(
  driver: Driver,
  database: Database,
  id: RunId,
  seen: number,
  signal: AbortSignal,
): AsyncGenerator<NumberedNews, Problem | null> {
  const queue: Unread[] = []
  let wake = (): void => undefined
  // Before anything is read: what happens meanwhile is told twice by the two sources, and taken once by its number.
  const stop = driver.watch((news) => {
    const about = news.news === 'event' ? news.recorded.run : news.run
    if (about !== id || (news.news === 'progress' && queue.length >= keptNews)) return
    queue.push(unread(news))
    wake()
  })
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    let last = seen
    let run: Run | null = null
    for (const recorded of await listEvents(database, id)) {
      const before: Run | null = run
      run = after(before, recorded)
      if (recorded.sequence <= last) continue
      last = recorded.sequence
      yield { number: last, news: eventNews(recorded, before, run) }
    }
    if (run === null) return unknownRun(id)
    let ended = hasEnded(run.state)
    while (!ended && !signal.aborted) {
      const next = queue.shift()
      if (next === undefined) {
        await new Promise<void>((resolve) => (wake = resolve))
      } else if (next.number === null) {
        yield next
      } else if (next.number > last) {
        last = next.number
        ended = next.ends
        yield { number: last, news: next.news }
      }
    }
    return null
  } finally {
    signal.removeEventListener('abort', onAbort)
    stop()
  }
}

interface Unread extends NumberedNews {
  /** The run with it. */
  readonly ends: boolean
}

/** Made at once: runs of thousands of hosts are not kept for a reader who is slow. */
function unread(news: DriverNews): Unread {
  if (news.news === 'progress') return { number: null, news, ends: false }
  const { recorded, before, run } = news
  return { number: recorded.sequence, news: eventNews(recorded, before, run), ends: hasEnded(run.state) }
}

export function unknownRun(id: string): Problem {
  return problem(
    'unknown-run',
    `There is no run ${JSON.stringify(id.slice(0, 80))}. To see those there are:\n    fleetmend runs list`,
  )
}

function after(run: Run | null, { event }: RecordedEvent): Run {
  if (event.type === 'started') return begin(event).run
  const step = run && transition(run, event)
  if (!step?.ok) throw new Error(`Event ${event.type} does not fit the history of its run. This is a bug.`)
  return step.run
}
