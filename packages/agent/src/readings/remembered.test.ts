import { expect, test } from 'vitest'
import { remembered } from './remembered.ts'

function counted() {
  const asked: string[] = []
  const length = remembered((text) => {
    asked.push(text.slice(0, 3))
    return { length: text.length }
  })
  return { asked, length }
}

test('what was read of a text is read of the same text no second time', () => {
  const { asked, length } = counted()
  expect(length('one')).toEqual({ length: 3 })
  expect(length(['o', 'ne'].join(''))).toEqual({ length: 3 })
  expect(length('other')).toEqual({ length: 5 })
  expect(asked).toEqual(['one', 'oth'])
})

test('it forgets what came first rather than grow, and keeps nothing of a text that is bigger than all of that', () => {
  const { asked, length } = counted()
  const text = (name: string) => name.padEnd(100 * 1024, '.')
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) length(text(name))
  length('x'.repeat(1024 * 1024))
  expect(asked.splice(0)).toHaveLength(7)
  length(text('f'))
  length(text('b'))
  expect(asked.splice(0)).toEqual([])
  length(text('a'))
  length('x'.repeat(1024 * 1024))
  expect(asked).toEqual(['a..', 'xxx'])
})
