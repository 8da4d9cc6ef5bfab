import { expect, test } from 'vitest'
import { movedClock, type MovedClock } from '../../test/moved-clock.ts'
import { lineLives, type LineLives } from './line-life.ts'

const hourMs = 60 * 60_000

interface Lines {
  readonly clock: MovedClock
  readonly lives: LineLives
  readonly ended: readonly string[]
  begin(name: string, forMs: number): ReturnType<LineLives['begin']>
  pass(ms: number): Promise<void>
}

function lines(): Lines {
  const clock = movedClock()
  const lives = lineLives(clock)
  const ended: string[] = []
  return {
    ...{ clock, lives, ended },
    begin: (name, forMs) => lives.begin(clock.nowMs() + forMs, () => ended.push(name)),
    async pass(ms) {
      clock.pass(ms)
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

test('each line ends when its certificate does, in whatever order they came', async () => {
  const { begin, pass, ended } = lines()
  begin('a day', 24 * hourMs)
  begin('an hour', hourMs)
  begin('two hours', 2 * hourMs)
  await pass(hourMs - 5000)
  expect(ended).toEqual([])
  await pass(5000)
  expect(ended).toEqual(['an hour'])
  await pass(hourMs)
  expect(ended).toEqual(['an hour', 'two hours'])
  await pass(22 * hourMs)
  expect(ended).toEqual(['an hour', 'two hours', 'a day'])
})

test('one whose host renewed over it goes on, and one that is gone is not ended again', async () => {
  const { begin, pass, ended, clock } = lines()
  const renewed = begin('renewed', hourMs)
  const gone = begin('gone', hourMs)
  renewed.extend(clock.nowMs() + 2 * hourMs)
  gone.end()
  await pass(hourMs + 1)
  expect(ended).toEqual([])
  await pass(hourMs)
  expect(ended).toEqual(['renewed'])
})

test('thousands of lines wait once, and none waits for nobody', async () => {
  const { begin, clock } = lines()
  const all = Array.from({ length: 1000 }, (_, n) => begin(String(n), hourMs + n))
  expect(clock.sleeping()).toBe(1)
  for (const line of all) line.end()
  expect(clock.sleeping()).toBe(0)
})

test('one whose certificate has run out by now ends at once', async () => {
  const { begin, pass, ended } = lines()
  begin('late', -1)
  await pass(0)
  expect(ended).toEqual(['late'])
})
