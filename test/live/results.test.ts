/** The newest whole score is kept in docs/results, has a row for everything in the catalogue, and none of them is wrong. */
import { expect, test } from 'vitest'
import { loadFaults, loadRecordedFaults } from './faults/catalogue.ts'
import { readResultPage } from './result-page.ts'

const nameOf = ({ id, on }: { readonly id: string; readonly on: string }) => `${id} on ${on}`

test('the score that is kept is whole and without a wrong row; `npm run score` makes it anew', async () => {
  const rows = readResultPage()
  const faults = await loadFaults()
  const wanted = [
    ...faults.flatMap(({ id, releases = ['debian12'] }) => releases.map((on) => ({ id, on }))),
    ...(await loadRecordedFaults()).map(({ id }) => ({ id, on: 'recorded' })),
  ]
  expect(rows.filter(({ isRight }) => !isRight).map(nameOf)).toEqual([])
  expect(wanted.map(nameOf).filter((name) => !rows.map(nameOf).includes(name))).toEqual([])
})

test('on every host that was really broken all was mended, or exact steps were given where there is no safe plan', () => {
  const left = readResultPage().filter(({ on, isMended }) => on !== 'recorded' && !isMended)
  expect(left.map(nameOf)).toEqual([])
})
