/** What visitors tell of a mending, from when their requests ended and how. */
import { expect, test } from 'vitest'
import type { Ended } from '../../lab/load.ts'
import { healedAfterMs, lostOf } from './visitors.ts'

/** One answer each 100 ms: `.` is good, `s` is good and slow, `x` is a 502, `t` was waited for too long. */
function answers(marks: string): readonly Ended[] {
  return marks.split('').map((mark, i) => ({
    atMs: i * 100,
    tookMs: mark === 's' || mark === 't' ? 3000 : 5,
    isGood: mark === '.' || mark === 's',
    outcome: { x: '502', t: 'timed-out' }[mark] ?? '200',
  }))
}

test.each([
  { what: 'a page that answers all the time', marks: '..........', lost: 0 },
  { what: 'a page that is lost for a moment', marks: '......xx..', lost: 2 },
  { what: 'a page that was lost before the mending began', marks: 'xxx.......', lost: 0 },
  { what: 'a page that fails until it is mended', marks: 'xxxxxxx...', lost: 0 },
  { what: 'a page that fails, answers, and is lost again', marks: 'xxxxx..........x.', lost: 1 },
  { what: 'a page that fails now and then', marks: 'xx.x..x...x..x...', lost: 0 },
  { what: 'a page that keeps visitors waiting', marks: '....tttttt.......', lost: 0 },
  { what: 'a page that never answers', marks: 'xxxxxxxxxx', lost: 0 },
  { what: 'a page that is slow and then lost', marks: 'ssssssx...', lost: 1 },
])('of $what, the mending lost $lost', ({ marks, lost }) => {
  expect(lostOf(answers(marks), 300)).toHaveLength(lost)
})

test.each([
  { what: 'what worked all the time', marks: '..........', healedMs: 0 },
  { what: 'what failed', marks: 'xxxxxx....', healedMs: 300 },
  { what: 'what was slow', marks: 'ssssss....', healedMs: 300 },
  { what: 'what failed once more', marks: 'xxxx..x...', healedMs: 400 },
  { what: 'what answered too few times to tell', marks: 'xxxxxxxx..', healedMs: null },
  { what: 'what failed to the last', marks: 'xxxxxxxxxx', healedMs: null },
])('$what is well after $healedMs ms', ({ marks, healedMs }) => {
  expect(healedAfterMs(answers(marks), 300, { path: '/ok.php' })).toBe(healedMs)
})

test('a page that works for seconds is well when it was answered once, in its time', () => {
  const slow = { path: '/sleep.php?s=3', worksMs: 3000 }
  expect(healedAfterMs(answers('xxxxxxs'), 300, slow)).toBe(300)
  expect(healedAfterMs(answers('xxxxxxst'), 300, slow)).toBeNull()
})
