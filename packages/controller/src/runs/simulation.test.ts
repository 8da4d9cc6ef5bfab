/** Simulated nights, as many as take some seconds; `npm run simulate` goes on from there. */
import { expect, test } from 'vitest'
import { simulate } from '../../test/simulation/simulate.ts'
import { stores } from '../../test/stores.ts'
import { told } from '../../test/simulation/told.ts'

const seedsAtOnce = 50
const blocks = Array.from({ length: 8 }, (_, n) => ({ first: 1 + n * seedsAtOnce, last: (n + 1) * seedsAtOnce }))

test.each(blocks)('nothing breaks a rule in seeds $first to $last', { timeout: 120_000 }, async ({ first, last }) => {
  for (let seed = first; seed <= last; seed++) {
    const simulated = await simulate(seed)
    expect(simulated.broken, told(simulated)).toEqual([])
  }
})

test.each(stores)('nothing breaks a rule over $store', { timeout: 120_000 }, async ({ open }) => {
  for (let seed = 1; seed <= 12; seed++) {
    const simulated = await simulate(seed, open)
    expect(simulated.broken, told(simulated)).toEqual([])
  }
})

test('the nights are bad ones: controllers are killed, hosts are lost and found, things are done all the same', async () => {
  let kills = 0
  const said: string[] = []
  for (let seed = 1; seed <= 40; seed++) {
    const simulated = await simulate(seed)
    kills += simulated.kills
    said.push(...simulated.history)
  }
  const count = (words: string): number => said.filter((each) => each.includes(words)).length
  expect(kills).toBeGreaterThan(40)
  for (const words of [
    'host-lost',
    'host-answered',
    'goes away',
    'is back',
    'told the same twice',
    'has applied: fixed',
  ])
    expect(count(words), words).toBeGreaterThan(3)
})

test('a seed is the same night every time', async () => {
  const [once, again] = [await simulate(21), await simulate(21)]
  expect(once.history.length).toBeGreaterThan(20)
  expect(again).toEqual(once)
})
