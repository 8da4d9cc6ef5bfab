import { setImmediate as tick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inTurn, inTurnOfEach } from './in-turn.ts'

test('one begins when the one before has ended, also when that failed, and each gets its own end', async () => {
  const turn = inTurn()
  const story: string[] = []
  const work = (name: string, fails = false) =>
    turn(async () => {
      story.push(`${name} begins`)
      await tick()
      story.push(`${name} ends`)
      if (fails) throw new Error(name)
      return name
    })
  const ends = await Promise.allSettled([work('a'), work('b', true), work('c')])
  expect(story).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  expect(ends).toMatchObject([
    { status: 'fulfilled', value: 'a' },
    { status: 'rejected', reason: { message: 'b' } },
    { status: 'fulfilled', value: 'c' },
  ])
})

test('what is of different keys goes on at the same time, what is of one does not', async () => {
  const turn = inTurnOfEach<string>()
  const story: string[] = []
  const work = (key: string, name: string) =>
    turn(key, async () => {
      story.push(`${name} begins`)
      await tick()
      story.push(`${name} ends`)
    })
  await Promise.all([work('web-1', 'a'), work('web-1', 'b'), work('web-2', 'c')])
  expect(story).toEqual(['a begins', 'c begins', 'a ends', 'b begins', 'c ends', 'b ends'])
  await work('web-1', 'd')
  expect(story.slice(-2)).toEqual(['d begins', 'd ends'])
})
