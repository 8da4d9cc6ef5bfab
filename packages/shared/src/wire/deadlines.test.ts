import { expect, test } from 'vitest'
import { manualTimers } from '../../test/manual-timers.ts'
import { Deadlines } from './deadlines.ts'

function calls() {
  const timers = manualTimers()
  const pending = new Map<string, number>()
  const late: string[] = []
  const deadlines = new Deadlines(timers, (nowMs) => {
    for (const [name, dueMs] of pending) if (dueMs <= nowMs) late.push(`${name} after ${timers.nowMs()} ms`)
    for (const [name, dueMs] of pending) if (dueMs <= nowMs) pending.delete(name)
    return Math.min(Infinity, ...pending.values())
  })
  return {
    timers,
    deadlines,
    late,
    begin: (name: string, limitMs: number) => pending.set(name, deadlines.add(limitMs)),
    answer: (name: string) => pending.delete(name),
  }
}

test('each ends when it is due, in whatever order they began, and there is one timer for all of them', async () => {
  const { timers, late, begin } = calls()
  begin('long', 60_000)
  begin('short', 1_000)
  await timers.pass(500)
  begin('middle', 5_000)
  begin('as short', 500)
  expect(timers.set).toBe(1)
  await timers.pass(60_000)
  expect(late).toEqual(['short after 1000 ms', 'as short after 1000 ms', 'middle after 5500 ms', 'long after 60000 ms'])
  expect(timers.set).toBe(0)
})

test('what is answered is never late, and the timer goes off once for many that are answered', async () => {
  const { timers, late, begin, answer } = calls()
  for (let n = 0; n < 100; n++) {
    begin(`call ${n}`, 1_000)
    answer(`call ${n}`)
    await timers.pass(5)
  }
  expect([timers.set, late]).toEqual([1, []])
  begin('the last', 1_000)
  await timers.pass(999)
  expect([timers.set, late]).toEqual([1, []])
  await timers.pass(1)
  expect([timers.set, late]).toEqual([0, ['the last after 1500 ms']])
})

test('who has no limit sets no timer', () => {
  const { timers, begin } = calls()
  begin('patient', Infinity)
  expect(timers.set).toBe(0)
})

test('a timer that goes off too early is set again', async () => {
  const set: { ms: number; run: () => void }[] = []
  let nowMs = 0
  const timers = {
    after(ms: number, run: () => void) {
      set.push({ ms, run })
      return () => {}
    },
    nowMs: () => nowMs,
  }
  const looked: number[] = []
  const deadlines = new Deadlines(timers, (now) => {
    looked.push(now)
    return now < 100 ? 100 : Infinity
  })
  deadlines.add(100)
  nowMs = 99.4
  set[0]?.run()
  nowMs = 100.4
  set[1]?.run()
  expect([set.map(({ ms }) => ms), looked]).toEqual([
    [100, 1],
    [99.4, 100.4],
  ])
})

test('stopped, it leaves no timer behind', () => {
  const { timers, deadlines, begin } = calls()
  begin('it', 1_000)
  deadlines.stop()
  expect(timers.set).toBe(0)
})
