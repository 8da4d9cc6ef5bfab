/**
 * Every diagnosis is proved by something that is really wrong: on a host, on a recorded one, or in files for containers; and
 * every remediation by something that it mends.
 */
import { undoRemediation } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { containersDiagnoses } from '../../packages/agent/src/diagnoses/containers/containers-diagnoses.ts'
import { diagnoses } from '../../packages/agent/src/diagnoses/registry.ts'
import { remediations } from '../../packages/agent/src/remediations/registry.ts'
import { loadFaults, loadRecordedFaults } from '../live/faults/catalogue.ts'
import { manifestCases } from '../scenarios/manifest-cases.ts'

const faults = await loadFaults()
const all = [...faults, ...(await loadRecordedFaults())]

test('every diagnosis must be found in at least one fault', () => {
  const proved = new Set([
    ...all.flatMap(({ causes, alsoFound = [] }) => [...causes, ...alsoFound]),
    ...manifestCases.flatMap(({ finds }) => finds.map((each) => each.split(' ')[1])),
  ])
  expect([...diagnoses, ...containersDiagnoses].map(({ id }) => id).filter((id) => !proved.has(id))).toEqual([])
})

test('faults name only diagnoses that there are', () => {
  const known = new Set(diagnoses.map(({ id }) => id))
  const named = all.flatMap(({ id, causes, alsoFound = [], besides = [], tells = {} }) =>
    [...causes, ...alsoFound, ...besides, ...Object.keys(tells)].map((diagnosis) => ({ id, diagnosis })),
  )
  expect(named.filter(({ diagnosis }) => !known.has(diagnosis))).toEqual([])
})

test('every remediation but the undo of others is what mends at least one fault', () => {
  const proved = new Set(faults.flatMap((fault) => fault.remediations))
  const mending = remediations.map(({ id }) => id).filter((id) => id !== undoRemediation)
  expect(mending.filter((id) => !proved.has(id))).toEqual([])
})

test('faults name only remediations that there are', () => {
  const known = new Set(remediations.map(({ id }) => id))
  const named = all.flatMap((fault) => fault.remediations.map((remediation) => ({ id: fault.id, remediation })))
  expect(named.filter(({ remediation }) => !known.has(remediation))).toEqual([])
})

test('whatever is broken is mended by a remediation, or has steps for a person', () => {
  const open = faults.filter(
    ({ causes, remediations: mend, steps }) => causes.length > 0 && mend.length === 0 && !steps,
  )
  expect(open.map(({ id }) => id)).toEqual([])
})

test('at least twenty faults hold on every release', () => {
  const everywhere = faults.filter(({ releases }) => releases?.length === 3)
  expect(everywhere.length).toBeGreaterThanOrEqual(20)
})
