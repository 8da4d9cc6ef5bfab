import { setImmediate as tick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inTurn } from './in-turn.ts'

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
