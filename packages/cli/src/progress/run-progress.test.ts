import { plainPaint } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { toldRun } from '../../../controller/test/told-run.ts'
import type { Streams } from '../streams.ts'
import { runProgress } from './run-progress.ts'

function terminal(isLive: boolean): { readonly streams: Streams; readonly written: string[] } {
  const written: string[] = []
  const streams: Streams = {
    ...{ width: 80, columns: 80, rows: 24, isLive, isOutTerminal: isLive, canAsk: false },
    ...{ paint: plainPaint, errPaint: plainPaint },
    out: () => undefined,
    err: (text) => void written.push(text),
    onResize: () => () => undefined,
    ask: () => Promise.resolve(null),
    askSecret: () => Promise.resolve(null),
  }
  return { streams, written }
}

const story = [...toldRun(300)]
const first = story[0]!.run

test('however many news come at once, they are drawn together', () => {
  const { streams, written } = terminal(true)
  const progress = runProgress(streams, first, () => 0)
  for (const { news } of story) progress.tell(news)
  progress.end()
  const frames = written.filter((text) => text.includes(first.id) && !text.includes('(ana)') && !text.includes('(ben)'))
  expect(story.length).toBeGreaterThan(1500)
  // As it began; what came afterwards is still to be drawn when it ends.
  expect(frames).toHaveLength(1)
})

test('off a terminal each event is a line, in order, and no control sequence is among them', () => {
  const { streams, written } = terminal(false)
  const progress = runProgress(streams, first, () => 0)
  for (const { news } of story) progress.tell(news)
  progress.end()
  expect(written).toHaveLength(story.filter(({ news }) => news.news === 'event').length)
  // oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
  expect(written.filter((line) => !/^[^\u0000-\u0009\u000B-\u001F]+\n$/.test(line))).toEqual([])
})
