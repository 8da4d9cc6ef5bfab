/**
 * What is told of runs, made once for all who follow them. Of each run that is driven here it is kept how it stands and what
 * happened last, so that who joins late, or was cut off for a while, costs what they are told and not its whole history.
 */
import { hasEnded, nowOf, runPicture, type Run, type RunId, type RunNews, type RunPicture } from '@fleetmend/shared'
import type { Driver } from '../runs/driver.ts'
import { eventNews } from '../runs/event-news.ts'
import type { RecordedEvent } from '../runs/run-event.ts'
import { begin, transition } from '../runs/transition.ts'
import { listEvents } from '../store/run-events.ts'
import type { Database } from '../store/tables.ts'

export interface RecordedNews {
  /** Of the event that it is, or in which it is contained. */
  readonly number: number
  readonly news: RunNews
  /** The run is over with it. */
  readonly ends: boolean
}

export type NumberedNews = RecordedNews | { readonly number: null; readonly news: RunNews }

export interface RunStories {
  /** What happens from now on; returns what ends that. */
  follow(run: RunId, listener: (news: NumberedNews) => void): () => void
  /** Null: there is no such run. */
  of(run: RunId): Promise<RunStory | null>
  /**
   * What is recorded after an event, or, where that is not kept, all that is; nothing: there is no such run. Whoever knows
   * the last already is told it once more.
   */
  since(run: RunId, seen: number): AsyncGenerator<RecordedNews, void>
}

export interface RunStory {
  /** How it stands with all that was told by now. */
  now(): RecordedNews
}

/** For whoever was cut off: minutes of a big run. */
const keptNews = 1000

interface Kept extends RunStory {
  tell(news: NumberedNews, run: Run | null): void
  readonly latest: readonly RecordedNews[]
  /** Of those before this number, or with it, some are not kept. */
  readonly forgotten: number
}

export function runStories(driver: Driver, database: Database): RunStories {
  const kept = new Map<RunId, Kept>()
  const reading = new Map<RunId, Promise<Kept | null>>()
  const listeners = new Map<RunId, Set<(news: NumberedNews, run: Run | null) => void>>()

  driver.watch((told) => {
    const id = told.news === 'event' ? told.recorded.run : told.run
    if (told.news === 'event' && told.before === null) kept.set(id, keep())
    const story = kept.get(id)
    const following = listeners.get(id)
    if (!story && !following) return
    const run = told.news === 'event' ? told.run : null
    const news: NumberedNews =
      told.news === 'event' ? recordedNews(told.recorded, told.before, told.run) : { number: null, news: told }
    story?.tell(news, run)
    if (run && hasEnded(run.state)) kept.delete(id)
    for (const listener of following ?? []) listener(news, run)
  })

  const follow = (id: RunId, listener: (news: NumberedNews, run: Run | null) => void): (() => void) => {
    const following = listeners.get(id) ?? new Set()
    listeners.set(id, following.add(listener))
    return () => {
      following.delete(listener)
      if (following.size === 0 && listeners.get(id) === following) listeners.delete(id)
    }
  }

  /** Of one that was begun before this controller was started, or is over. */
  const read = async (id: RunId): Promise<Kept | null> => {
    const meanwhile: (readonly [NumberedNews, Run | null])[] = []
    const stop = follow(id, (news, run) => meanwhile.push([news, run]))
    const story = keep()
    let latest: Run | null = null
    let last = 0
    for await (const { recorded, before, run } of history(database, id)) {
      story.tell(recordedNews(recorded, before, run), run)
      ;[latest, last] = [run, recorded.sequence]
    }
    stop()
    for (const [news, run] of meanwhile)
      if (news.number === null || news.number > last) {
        story.tell(news, run)
        latest = run ?? latest
      }
    if (latest === null) return null
    if (!hasEnded(latest.state)) kept.set(id, story)
    return story
  }

  const of = (id: RunId): Promise<Kept | null> => {
    const known = kept.get(id)
    if (known) return Promise.resolve(known)
    const begun = reading.get(id) ?? read(id).finally(() => reading.delete(id))
    reading.set(id, begun)
    return begun
  }

  return {
    follow,
    of,
    async *since(id, seen) {
      const story = seen === 0 && !kept.has(id) ? null : await of(id)
      if (story && story.forgotten <= seen) {
        const { latest } = story
        const after = latest.filter(({ number }) => number > seen)
        yield* after.length > 0 ? after : latest.slice(-1)
        return
      }
      for await (const { recorded, before, run } of history(database, id)) yield recordedNews(recorded, before, run)
    },
  }
}

function keep(): Kept {
  let picture: RunPicture | null = null
  let run: Run | null = null
  let last = 0
  let forgotten = 0
  let latest: RecordedNews[] = []
  return {
    tell(news, after) {
      if (after) {
        picture ??= runPicture(nowOf(after))
        run = after
      }
      picture?.tell(news.news)
      if (news.number === null) return
      last = news.number
      latest.push(news)
      if (latest.length < 2 * keptNews) return
      forgotten = latest[keptNews - 1]?.number ?? forgotten
      latest = latest.slice(keptNews)
    },
    now() {
      if (picture === null || run === null) throw new Error('Nothing was told of this run. This is a bug.')
      return { number: last, news: { news: 'now', now: picture.now(run.notes) }, ends: hasEnded(run.state) }
    },
    get latest() {
      return latest
    },
    get forgotten() {
      return forgotten
    },
  }
}

/** Made at once: runs of thousands of hosts are not kept for a reader who is slow. */
function recordedNews(recorded: RecordedEvent, before: Run | null, run: Run): RecordedNews {
  return { number: recorded.sequence, news: eventNews(recorded, before, run), ends: hasEnded(run.state) }
}

interface Happened {
  readonly recorded: RecordedEvent
  readonly before: Run | null
  readonly run: Run
}

/** Read a piece at a time, so that others get their turn. */
async function* history(database: Database, id: RunId): AsyncGenerator<Happened, void> {
  let run: Run | null = null
  for (let last = 0; ;) {
    const events = await listEvents(database, id, last, eventsAtOnce)
    for (const recorded of events) {
      const before: Run | null = run
      run = after(before, recorded)
      last = recorded.sequence
      yield { recorded, before, run }
    }
    if (events.length < eventsAtOnce) return
  }
}

const eventsAtOnce = 200

function after(run: Run | null, { event }: RecordedEvent): Run {
  if (event.type === 'started') return begin(event).run
  const step = run && transition(run, event)
  if (!step?.ok) throw new Error(`Event ${event.type} does not fit the history of its run. This is a bug.`)
  return step.run
}
