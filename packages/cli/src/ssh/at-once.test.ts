import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { atOnce } from './at-once.ts'

test('never more than a few are at work, each once, and results keep the order of the hosts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), async (turns, most) => {
      let atWork = 0
      const done = await atOnce([...turns.entries()], most, async ([at, length]) => {
        expect(++atWork).toBeLessThanOrEqual(most)
        for (let waited = 0; waited < length; waited++) await turn()
        atWork--
        return at
      })
      expect(done).toEqual([...turns.keys()])
    }),
  )
})
