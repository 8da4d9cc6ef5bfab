import { expect, test } from 'vitest'
import { isWorse } from './worse.ts'

const quiet = { requests: 0, serverErrors: 0 }

test.each([
  { what: 'twenty requests, all fine', before: quiet, during: { requests: 20, serverErrors: 0 }, worse: false },
  { what: 'too few to say', before: quiet, during: { requests: 19, serverErrors: 19 }, worse: false },
  { what: 'errors where there were none', before: quiet, during: { requests: 20, serverErrors: 3 }, worse: true },
  {
    what: 'two that may have waited since before',
    before: quiet,
    during: { requests: 20, serverErrors: 2 },
    worse: false,
  },
  { what: 'one in a hundred is noise', before: quiet, during: { requests: 100, serverErrors: 1 }, worse: false },
  {
    what: 'as bad as before is not worse',
    before: { requests: 100, serverErrors: 50 },
    during: { requests: 100, serverErrors: 60 },
    worse: false,
  },
  {
    what: 'more than twice as bad',
    before: { requests: 100, serverErrors: 5 },
    during: { requests: 100, serverErrors: 11 },
    worse: true,
  },
])('$what', ({ before, during, worse }) => {
  expect(isWorse(before, during)).toBe(worse)
})
