/**
 * A run as it happens. On a terminal a picture of it at the foot, drawn over, with lines above that stay: all of them while
 * hosts are few, else what people did. Elsewhere a line for each event, and nothing is drawn over.
 */
import {
  hostCount,
  nowOf,
  runPicture,
  safeLine,
  type Run,
  type RunEventView,
  type RunNews,
  type RunNow,
} from '@fleetmend/shared'
import type { Streams } from '../streams.ts'
import { liveBlock } from './live-block.ts'
import { pictureLines } from './picture-lines.ts'
import { hostStateWords, runStateWords } from '../views/run-words.ts'

export interface RunProgress {
  tell(news: RunNews): void
  /** Text that stays, above what is drawn. */
  write(text: string): void
  end(): void
}

/** With more hosts than these, only what is recorded has a line. */
const fewHosts = 8

/** Nobody reads faster. */
const betweenFramesMs = 100

export function runProgress(streams: Streams, run: Run, nowMs: () => number): RunProgress {
  return streams.isLive ? liveProgress(streams, run, nowMs) : plainProgress(streams, run)
}

function plainProgress(streams: Streams, run: Run): RunProgress {
  const lines = storyLines(streams, run)
  return {
    tell(news) {
      const line = lines(news)
      if (line !== null) streams.err(line)
    },
    write: (text) => streams.err(text),
    end: () => undefined,
  }
}

function liveProgress(streams: Streams, run: Run, nowMs: () => number): RunProgress {
  const { errPaint: paint } = streams
  const block = liveBlock(streams)
  const picture = runPicture(nowOf(run))
  const lines = storyLines(streams, run)
  const isFew = run.hosts.length <= fewHosts
  let drawnMs = -Infinity
  let due: NodeJS.Timeout | null = null

  const draw = (): void => {
    due = null
    drawnMs = performance.now()
    const width = Math.max(Math.min(streams.width, streams.columns) - 1, 1)
    const height = Math.max(streams.rows - 1, 1)
    block.show(pictureLines(picture, { run: run.id, width, height, nowMs: nowMs(), paint }))
  }
  const drawSoon = (): void => {
    due ??= setTimeout(draw, Math.max(drawnMs + betweenFramesMs - performance.now(), 0))
  }
  // What is waited for has no news of its own, while the seconds show that somebody is there.
  const ticking = setInterval(drawSoon, 1000)
  const stopListening = streams.onResize(drawSoon)
  draw()

  return {
    tell(news) {
      picture.tell(news)
      const isOfPeople = news.news === 'event' && news.event.by !== null
      const line = isFew || isOfPeople || news.news === 'now' ? lines(news) : null
      if (line !== null) block.write(line)
      drawSoon()
    },
    write: (text) => block.write(text),
    end() {
      clearInterval(ticking)
      if (due) clearTimeout(due)
      stopListening()
      block.clear()
    },
  }
}

/** A line for each piece of news that says something; null: for this one there is none. */
function storyLines(streams: Streams, run: Run): (news: RunNews) => string | null {
  const { errPaint: paint } = streams
  const isFew = run.hosts.length <= fewHosts
  const nameWidth = Math.min(Math.max(...run.hosts.map(({ id }) => id.length), 0), 32)
  /** Hosts whose own last word was shown: what is recorded of them says the same. */
  const toldItself = new Set<string>()
  const lineOf = (at: string, host: string | null, says: string): string =>
    `  ${paint.dim(at.slice(11, 19))}  ${paint.cyan((host ?? '').padEnd(nameWidth))}  ${says}\n`
  const noteLines = ({ notes, state, counts, beganAt }: RunNow, isDrawn: boolean): string | null => {
    const told = notes.map(({ at, says }) => lineOf(at, null, safeLine(says)))
    const words = counts.map(({ state: each, hosts }) => `${hosts} ${hostStateWords[each]}`).join(' · ')
    const all = hostCount(counts.reduce((sum, { hosts }) => sum + hosts, 0))
    // Where there is a picture, it says this.
    if (!isDrawn)
      told.push(lineOf(beganAt, null, `${run.id} began; now it is ${runStateWords[state]}, ${all}: ${words}`))
    return told.length === 0 ? null : told.join('')
  }
  return (news) => {
    if (news.news === 'event') {
      const { event } = news
      return toldItself.has(event.host ?? '') ? null : lineOf(event.at, event.host, eventWords(event))
    }
    if (news.news === 'now') return noteLines(news.now, streams.isLive)
    if (!isFew) return null
    if (news.phase === 'closed') toldItself.add(news.host)
    return news.entry.says === '' ? null : lineOf(news.entry.at, news.host, safeLine(news.entry.says))
  }
}

/** Details of many lines come with the outcome. */
function eventWords({ says, by }: RunEventView): string {
  const [first = ''] = says.split('\n')
  return by === null ? safeLine(first) : `${safeLine(first)} (${safeLine(by)})`
}
