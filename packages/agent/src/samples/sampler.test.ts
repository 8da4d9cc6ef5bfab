import { expect, test } from 'vitest'
import { fakeReadHost } from '../survey/fake-read-host.ts'
import type { SampleTargets } from '../survey/sample-targets.ts'
import { sampler } from './sampler.ts'

const minuteMs = 60_000

/** The minutes, from the first on, in which it was looked up what there is to sample. */
async function looksWithin(minutes: number, targetsAt: (minute: number) => SampleTargets): Promise<readonly number[]> {
  let minute = 0
  const looks: number[] = []
  const host = { ...fakeReadHost({}), nowMs: () => minute * minuteMs }
  const samples = sampler(host, async () => {
    looks.push(minute)
    return targetsAt(minute)
  })
  for (; minute < minutes; minute++) await samples.sample()
  return looks
}

const none = { services: [], accessLogs: new Map<string, string>() }

test('what there is to sample is looked up four times an hour', async () => {
  expect(await looksWithin(60, () => ({ ...none, isAllThere: true }))).toEqual([0, 15, 30, 45])
})

test('a service that was down is looked for again soon, and less and less often', async () => {
  expect(await looksWithin(50, () => ({ ...none, isAllThere: false }))).toEqual([0, 1, 3, 7, 15, 30, 45])
})

test('once it is back, four times an hour again; the next one that is down is looked for as soon', async () => {
  const looks = await looksWithin(40, (minute) => ({ ...none, isAllThere: minute === 3 || minute === 18 }))
  expect(looks).toEqual([0, 1, 3, 18, 33, 34, 36])
})
