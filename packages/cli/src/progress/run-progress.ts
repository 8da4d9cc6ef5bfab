/** A run as it happens: a line for each event, the words of hosts at work while they are few, and how far it is. */
import { safeLine, type Run, type RunEventView, type RunNews } from '@fleetmend/shared'
import type { Streams } from '../streams.ts'
import { runStateWords } from '../views/run-words.ts'
import { liveLine } from './live-line.ts'

export interface RunProgress {
  tell(news: RunNews): void
  end(): void
}

/** With more hosts than these, only what is recorded has a line; the last words of a host are at the foot. */
const fewHosts = 8

/** After each of these a host has nothing more to do in the run. */
const lastOfHost = new Set(['host-applied', 'host-refused-to-apply', 'host-silent'])

export function runProgress(streams: Streams, run: Run, nowMs: () => number): RunProgress {
  const { errPaint: paint } = streams
  const line = liveLine(streams)
  const startedMs = nowMs()
  const isFew = run.hosts.length <= fewHosts
  const nameWidth = Math.min(Math.max(...run.hosts.map(({ id }) => id.length), 0), 32)
  const total = run.hosts.filter(({ plan }) => plan !== null).length
  const done = new Set<string>()
  /** Hosts whose own last word was shown: what is recorded of them says the same. */
  const toldItself = new Set<string>()
  let state = run.state
  let latest = ''

  const write = (at: string, host: string | null, says: string): void =>
    line.write(`  ${paint.dim(at.slice(11, 19))}  ${paint.cyan((host ?? '').padEnd(nameWidth))}  ${says}`)
  const foot = (): void => {
    const elapsedS = Math.round((nowMs() - startedMs) / 1000)
    const far = total === 0 ? '' : ` · ${done.size} of ${total} hosts done`
    line.show(`  ${runStateWords[state]}${far} · ${elapsedS} s${latest === '' ? '' : ` · ${latest}`}`)
  }
  // What is waited for has no news of its own, while the seconds show that somebody is there.
  const ticking = setInterval(foot, 1000)
  ticking.unref()

  return {
    tell(news) {
      if (news.news === 'progress') {
        latest = `${news.host}: ${safeLine(news.entry.says)}`
        if (isFew && news.phase === 'closed') toldItself.add(news.host)
        if (isFew && news.entry.says !== '') write(news.entry.at, news.host, safeLine(news.entry.says))
      } else {
        state = news.state
        if (news.event.host !== null && lastOfHost.has(news.event.type)) done.add(news.event.host)
        if (!toldItself.has(news.event.host ?? '')) write(news.event.at, news.event.host, eventWords(news.event))
      }
      foot()
    },
    end() {
      clearInterval(ticking)
      line.clear()
    },
  }
}

/** Details of many lines come with the outcome. */
function eventWords({ says, by }: RunEventView): string {
  const [first = ''] = says.split('\n')
  return by === null ? safeLine(first) : `${safeLine(first)} (${safeLine(by)})`
}
