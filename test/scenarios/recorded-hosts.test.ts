/** Hosts that were recorded, looked at again: what is found on the record is what was found on the host, and it is the truth. */
import { describe, expect, test } from 'vitest'
import { foundBy, readRecord, recordedNames } from '../lab/recording/recordings.ts'
import { loadFaults, loadRecordedFaults } from '../live/faults/catalogue.ts'
import type { Truth } from '../live/faults/fault.ts'
import { diagnoseRecord, scoreRecorded } from '../live/faults/score-recorded.ts'

const recorded = await loadRecordedFaults()
const truths = new Map<string, Truth>([...(await loadFaults()), ...recorded].map((fault) => [fault.id, fault]))

test('every fault that this machine cannot produce is there as a record, and every record has its truth', () => {
  expect(recorded.map(({ id }) => id).filter((id) => !recordedNames().includes(id))).toEqual([])
  expect(recordedNames().filter((name) => !truths.has(name))).toEqual([])
})

describe.each(recordedNames())('the record of %s', (name) => {
  test('is judged right', async () => {
    const truth = truths.get(name)
    const { complaints } = await scoreRecorded(truth as Truth)
    expect(complaints).toEqual([])
  })

  test('gives what was found on the host itself', async () => {
    expect(foundBy(await diagnoseRecord(name))).toEqual(readRecord(name).found)
  })
})
