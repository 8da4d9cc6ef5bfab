import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { waitingLine, type WaitingLine } from './waiting-line.ts'

interface Comer {
  readonly name: string
  readonly address: string
}

/** Whoever comes is noted when they are let in. */
function come(line: WaitingLine, entered: string[], comer: Comer): boolean {
  return line.queue(comer, comer.address, () => entered.push(comer.name))
}

const comers = (address: string, count: number): readonly Comer[] =>
  Array.from({ length: count }, (_, n) => ({ name: `${address} ${n}`, address }))

describe('a waiting line', () => {
  test('lets in who finds no place as soon as somebody leaves, in the order in which they came', () => {
    const entered: string[] = []
    const line = waitingLine({ places: { total: 2, perNetwork: 2 }, waiting: { total: 9, perNetwork: 9 } })
    const all = comers('a', 4)
    expect(all.map((each) => come(line, entered, each))).toEqual([true, true, true, true])
    expect(entered).toEqual(['a 0', 'a 1'])
    line.leave(all[1] ?? {})
    line.leave(all[1] ?? {})
    expect(entered).toEqual(['a 0', 'a 1', 'a 2'])
    line.leave(all[0] ?? {})
    expect(entered).toEqual(['a 0', 'a 1', 'a 2', 'a 3'])
  })

  test('is not blocked by a network that has all it can have', () => {
    const entered: string[] = []
    const line = waitingLine({ places: { total: 3, perNetwork: 2 }, waiting: { total: 99, perNetwork: 99 } })
    for (const each of comers('a', 50)) come(line, entered, each)
    for (const each of comers('b', 1)) come(line, entered, each)
    expect(entered).toEqual(['a 0', 'a 1', 'b 0'])
  })

  test('has networks take turns', () => {
    const entered: string[] = []
    const line = waitingLine({ places: { total: 1, perNetwork: 1 }, waiting: { total: 99, perNetwork: 99 } })
    const many = comers('a', 4)
    const all = [...many, ...comers('b', 2)]
    for (const each of all) come(line, entered, each)
    for (let n = 0; n < all.length; n++) line.leave(all.find(({ name }) => name === entered.at(-1)) ?? {})
    expect(entered).toEqual(['a 0', 'a 1', 'b 0', 'a 2', 'b 1', 'a 3'])
  })

  test('has an end, for one network and for all', () => {
    const line = waitingLine({ places: { total: 1, perNetwork: 1 }, waiting: { total: 3, perNetwork: 2 } })
    expect(comers('a', 4).map((each) => come(line, [], each))).toEqual([true, true, true, false])
    expect(comers('b', 2).map((each) => come(line, [], each))).toEqual([true, false])
  })

  test('whoever does not wait any longer is not let in', () => {
    const entered: string[] = []
    const line = waitingLine({ places: { total: 1, perNetwork: 1 }, waiting: { total: 9, perNetwork: 9 } })
    const [first = {}, second = {}, third = {}] = comers('a', 3)
    for (const each of [first, second, third]) come(line, entered, each as Comer)
    line.leave(second)
    line.leave(first)
    expect(entered).toEqual(['a 0', 'a 2'])
  })

  test('whatever comes and goes: limits hold, and nobody waits while there is a place for them', () => {
    const step = fc.record({ address: fc.constantFrom('a', 'b', 'c'), leaves: fc.nat(20) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const line = waitingLine({ places: { total: 4, perNetwork: 2 }, waiting: { total: 99, perNetwork: 99 } })
        const inside = new Set<Comer>()
        const outside = new Set<Comer>()
        const count = (set: ReadonlySet<Comer>, address: string) =>
          [...set].filter((each) => each.address === address).length
        for (const [n, { address, leaves }] of steps.entries()) {
          const comer = { name: String(n), address }
          outside.add(comer)
          line.queue(comer, address, () => {
            outside.delete(comer)
            inside.add(comer)
          })
          const leaving = [...inside][leaves]
          if (leaving) {
            inside.delete(leaving)
            line.leave(leaving)
          }
          expect(inside.size).toBeLessThanOrEqual(4)
          for (const network of ['a', 'b', 'c']) {
            expect(count(inside, network)).toBeLessThanOrEqual(2)
            const hasRoom = inside.size < 4 && count(inside, network) < 2
            expect(hasRoom && count(outside, network) > 0).toBe(false)
          }
        }
      }),
    )
  })
})
