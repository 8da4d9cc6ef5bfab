import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countOf, hostsGone, upTo, withoutHosts } from './held-back.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const
const someNames = fc.subarray([...names])

test('who begins, or is not called any more, is held back no longer, and is told apart from who is', () => {
  fc.assert(
    fc.property(someNames, someNames, someNames, fc.option(fc.constantFrom(...names)), (all, night, begun, last) => {
      const queue = [
        { hosts: all.filter((name) => night.includes(name)), says: 'It is night.', behind: null },
        { hosts: all.filter((name) => !night.includes(name)), says: 'Another has it.', behind: 'r-1' },
      ].filter(({ hosts }) => hosts.length > 0)
      const isLeft = (host: string): boolean =>
        !begun.includes(host as (typeof names)[number]) && last !== null && host <= last
      const left = upTo(withoutHosts(queue, begun), last)
      expect(left).toEqual(
        queue.flatMap((each) => {
          const hosts = each.hosts.filter(isLeft)
          return hosts.length > 0 ? [{ ...each, hosts }] : []
        }),
      )
      expect(countOf(left)).toBe(all.filter(isLeft).length)
      expect(hostsGone(queue, left)?.toSorted()).toEqual(all.filter((host) => !isLeft(host)))
    }),
  )
})

test('of two that did not come of each other nobody claims anything', () => {
  const queue = [{ hosts: ['a'], says: 'It is night.', behind: null }]
  expect(hostsGone(queue, [])).toBe(null)
  expect(hostsGone(withoutHosts(queue, ['a']), queue)).toBe(null)
})
