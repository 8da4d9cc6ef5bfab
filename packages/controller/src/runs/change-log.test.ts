import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeLog } from './change-log.ts'

/** From which list the next one comes, and what of it is another number then. */
const changes = fc.array(fc.record({ from: fc.nat(), places: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }) }), {
  maxLength: 20,
})

test('nothing that differs is left out, in whatever order lists come of one another', () => {
  fc.assert(
    fc.property(changes, (steps) => {
      const log = changeLog<number, number>()
      const lists: (readonly number[])[] = [[0, 0, 0, 0, 0]]
      for (const [n, { from, places }] of steps.entries()) {
        const before = lists[from % lists.length]!
        const after = before.map((number, place) => (places.includes(place) ? n + 1 : number))
        log.note(before, after, places)
        lists.push(after)
      }
      for (const one of lists)
        for (const other of lists) {
          const named = log.between(one, other)
          const differing = [...one.keys()].filter((place) => one[place] !== other[place])
          expect(differing.filter((place) => named?.includes(place) === false)).toEqual([])
        }
    }),
  )
})

test('along one line it names what was changed on the way', () => {
  const log = changeLog<number, string>()
  const [first, second, third] = [[1], [2], [3]]
  log.note(first, second, ['a'])
  log.note(second, third, ['b', 'c'])
  expect([log.between(first, third), log.between(second, third), log.between(first, first)]).toEqual([
    ['a', 'b', 'c'],
    ['b', 'c'],
    [],
  ])
  expect([log.between(third, first), log.between(first, [3])]).toEqual([null, null])
})
