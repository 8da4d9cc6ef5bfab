/** What every diagnosis promises. */
import { expect, test } from 'vitest'
import { remediations } from '../remediations/registry.ts'
import { sampleFacts } from '../survey/sample-facts.ts'
import { diagnoses } from './registry.ts'

test('ids are kebab-case and unique', () => {
  expect(diagnoses.filter(({ id }) => !/^[a-z]+(-[a-z]+)*$/.test(id))).toEqual([])
  expect(new Set(diagnoses.map(({ id }) => id)).size).toBe(diagnoses.length)
})

test.each(diagnoses.map((diagnosis) => ({ id: diagnosis.id, diagnosis })))(
  '$id is silent on a healthy host and says what it means',
  ({ diagnosis }) => {
    expect(diagnosis.judge(sampleFacts())).toEqual([])
    expect(diagnosis.title.length).toBeLessThan(60)
    expect(diagnosis.meaning.length).toBeGreaterThan(80)
  },
)

test.each(diagnoses.map((diagnosis) => ({ id: diagnosis.id, diagnosis })))(
  '$id says nothing where nothing could be read',
  ({ diagnosis }) => {
    const nothing = sampleFacts({
      fpm: [],
      sites: [],
      memory: null,
      couldNotTell: [{ what: 'everything', why: 'denied' }],
    })
    expect(diagnosis.judge(nothing)).toEqual([])
  },
)

test('every diagnosis that a remediation says it clears exists', () => {
  const known = new Set(diagnoses.map(({ id }) => id))
  expect(remediations.flatMap(({ clears }) => clears).filter((id) => !known.has(id))).toEqual([])
})
