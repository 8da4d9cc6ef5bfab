/** The newest whole table of crashes, once it was made: every remediation, 200 random kills, and no row is wrong. */
import { expect, test } from 'vitest'
import { remediations } from '../../../packages/agent/src/remediations/registry.ts'
import { crashCases } from './crash-cases.ts'
import { readCrashPage, wasCrashTableMade } from './crash-page.ts'
import { mishaps } from './mishaps.ts'
import { rivalries } from './rivals.ts'

test('there is a state to be cut off in for every remediation', () => {
  const known = crashCases.map(({ remediation }) => remediation)
  expect(remediations.map(({ id }) => id).filter((id) => !known.includes(id))).toEqual([])
})

test.skipIf(!wasCrashTableMade())(
  'the table that is kept is whole and without a wrong row; `npm run crash` makes it anew',
  () => {
    const rows = readCrashPage()
    const of = (how: string) => rows.filter((row) => row.how === how)
    const ids = crashCases.map(({ remediation }) => remediation)
    expect(rows.filter(({ isRight }) => !isRight)).toEqual([])
    expect(of('moment').length).toBeGreaterThanOrEqual(200)
    for (const how of ['boundary', 'moment', 'power'])
      expect(ids.filter((id) => !of(how).some(({ remediation }) => remediation === id))).toEqual([])
    const happened = of('mishap').map(({ where }) => where)
    const wanted = [...mishaps.map(({ says }) => says), ...Object.values(rivalries)]
    expect(wanted.filter((says) => !happened.includes(says))).toEqual([])
  },
)
