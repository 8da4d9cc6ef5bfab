/** The story of a run as it is told to somebody who follows it: what is recorded, then what happens, without gap or repeat. */
import { problem, type Problem, type RunId } from '@fleetmend/shared'
import type { NumberedNews, RunStories } from './run-stories.ts'

/** News that nobody has read yet; a reader this far behind is told only what is recorded. */
const keptNews = 10_000

/** `from`: what comes after the event of this number, 0 for all of it; `now`: how it stands, and what happens from there. */
export async function* watchRun(
  stories: RunStories,
  id: RunId,
  from: number | 'now',
  signal: AbortSignal,
): AsyncGenerator<NumberedNews, Problem | null> {
  const queue: NumberedNews[] = []
  let wake = (): void => undefined
  // Before anything is read: what happens meanwhile is told twice by the two sources, and taken once by its number.
  const stop = stories.follow(id, (news) => {
    if (news.number === null && queue.length >= keptNews) return
    queue.push(news)
    wake()
  })
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    let last = 0
    let ended = false
    if (from === 'now') {
      const story = await stories.of(id)
      if (story === null) return unknownRun(id)
      // From here to there nothing else happens: all that has been told by now is in what it says.
      const news = story.now()
      queue.length = 0
      ;({ number: last, ends: ended } = news)
      yield news
    } else {
      last = from
      let isKnown = false
      for await (const news of stories.since(id, from)) {
        ;({ number: last, ends: ended } = news)
        isKnown = true
        if (news.number > from) yield news
      }
      if (!isKnown) return unknownRun(id)
    }
    while (!ended && !signal.aborted) {
      const next = queue.shift()
      if (next === undefined) await new Promise<void>((resolve) => (wake = resolve))
      else if (next.number === null) yield next
      else if (next.number > last) {
        ;({ number: last, ends: ended } = next)
        yield next
      }
    }
    return null
  } finally {
    signal.removeEventListener('abort', onAbort)
    stop()
  }
}

export function unknownRun(id: string): Problem {
  return problem(
    'unknown-run',
    `There is no run ${JSON.stringify(id.slice(0, 80))}. To see those there are:\n    fleetmend runs list`,
  )
}
