import type { RunView } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { paceText } from './waves-text.ts'

function pace({
  hosts,
  canaryHosts,
  watchMs,
}: {
  hosts: number
  canaryHosts: number | string
  watchMs: number
}): string {
  const names = Array.from({ length: hosts }, (_, i) => `web-${i}`)
  return paceText({
    run: {
      waves: { canaryHosts, batchHosts: 10 },
      limits: { groupsAtOnce: 1, stopAtFailures: 1 },
      terms: {},
      groups: [{ hosts: names }],
    },
    plans: names.map((host) => ({ plan: { host, watchMs } })),
  } as unknown as RunView)
}

test('who watches a canary for a minute says that the others wait meanwhile', () => {
  expect(pace({ hosts: 8, canaryHosts: 1, watchMs: 60_000 })).toBe(
    'At most one change at a time; of each, one host first, then 10 at once; stops at the first failure. ' +
      'The others begin once those were watched for 60 s (--watch).',
  )
})

test.each([
  { why: 'there are no others', hosts: 1, canaryHosts: 1, watchMs: 60_000 },
  { why: 'nobody goes first', hosts: 8, canaryHosts: 0, watchMs: 60_000 },
  { why: 'nobody watches', hosts: 8, canaryHosts: '5%', watchMs: 0 },
])('nothing is said of it where $why', (given) => {
  expect(pace(given)).not.toContain('The others begin')
})
