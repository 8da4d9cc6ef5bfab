import { expect, test } from 'vitest'
import { percent, timelineOf } from './timeline.ts'

const all = { good: 0, lost: 10 }
const half = { good: 5, lost: 5 }
const none = { good: 10, lost: 0 }
const quiet = { good: 0, lost: 0 }

test('a second belongs to before, during or after, and each has its height', () => {
  const timeline = timelineOf([all, half, all, none, none, quiet], { beginS: 2, endS: 4 })
  expect(timeline).toEqual({
    before: { asked: 20, lost: 15 },
    during: { asked: 20, lost: 10 },
    after: { asked: 10, lost: 0 },
    picture: '█▅█▁▁ ',
  })
})

test('one lost request is never rounded to none', () => {
  expect(timelineOf([{ good: 999, lost: 1 }], { beginS: 0, endS: 0 }).picture).toBe('▂')
  expect([percent({ asked: 1000, lost: 1 }), percent({ asked: 3, lost: 1 }), percent({ asked: 0, lost: 0 })]).toEqual([
    '<1 %',
    '33 %',
    '–',
  ])
})
