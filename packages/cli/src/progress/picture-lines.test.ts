import { colourPaint, nowOf, plainPaint, runPicture } from '@fleetmend/shared'
import * as fc from 'fast-check'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { toldRun } from '../../../controller/test/told-run.ts'
import { lineOf, widthOf } from './cells.ts'
import { pictureLines } from './picture-lines.ts'

const nowMs = Date.parse('2026-11-21T03:20:00.000Z')

test('whatever the size of the terminal and however far the run is, no line is too long and none too many', () => {
  const story = [...toldRun(30, { fails: (index) => (index % 3 === 0 ? 'rolled-back' : null) })]
  const first = story[0]!.run
  fc.assert(
    fc.property(
      fc.nat(story.length),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 60 }),
      (told, width, height) => {
        const picture = runPicture(nowOf(first))
        for (const { news } of story.slice(0, told)) picture.tell(news)
        const lines = pictureLines(picture, { run: first.id, width, height, nowMs, paint: colourPaint })
        expect(lines.length).toBeLessThanOrEqual(height)
        for (const line of lines) {
          expect(line.width).toBeLessThanOrEqual(width)
          expect(widthOf(stripVTControlCharacters(line.text))).toBe(line.width)
        }
      },
    ),
  )
})

test('what it waits for is said, and the words of hosts can do nothing to the terminal', () => {
  const [first] = [...toldRun(3)]
  const picture = runPicture(nowOf(first!.run))
  const evil = '\u001B[2J\rok\u202E'
  if (first?.news.news !== 'event') throw new Error('The first news is an event.')
  picture.tell({ ...first.news, waitsFor: [`web-1: ${evil}`] })
  picture.tell({
    news: 'progress',
    run: first.run.id,
    host: 'web-1',
    phase: 'acted',
    entry: { at: first.run.startedAt, says: evil },
  })
  const lines = pictureLines(picture, { run: first.run.id, width: 80, height: 20, nowMs, paint: plainPaint })
  const text = lines.map((line) => line.text).join('\n')
  expect(text).toContain('waits: web-1: \\u{1b}[2J')
  // oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
  expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E]/)
})

test.each([
  { pieces: ['abcdef'], width: 6, text: 'abcdef' },
  { pieces: ['abc', 'def'], width: 5, text: 'abcd…' },
  { pieces: ['ab', '日本'], width: 5, text: 'ab日…' },
  { pieces: ['ab', '日本'], width: 4, text: 'ab…' },
  { pieces: ['abc'], width: 0, text: '' },
])('$pieces in $width columns', ({ pieces, width, text }) => expect(lineOf(pieces, width, plainPaint).text).toBe(text))

test('numbers are those of the run itself, to its end', () => {
  let last = 0
  const story = [...toldRun(50)]
  const picture = runPicture(nowOf(story[0]!.run))
  for (const { news, run } of story) {
    picture.tell(news)
    const counts = Map.groupBy(run.hosts, ({ state }) => state)
    expect(new Map(picture.counts)).toEqual(new Map([...counts].map(([state, hosts]) => [state, hosts.length])))
    last = picture.traffic.hosts
  }
  expect(last).toBe(50)
})
