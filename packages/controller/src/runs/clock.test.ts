import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'

test('a sleeper wakes when the signal is aborted, before or while it sleeps, without an error', async () => {
  await systemClock.sleep(2 ** 40, AbortSignal.abort())
  const stop = new AbortController()
  const asleep = systemClock.sleep(2 ** 40, stop.signal)
  stop.abort()
  await expect(asleep).resolves.toBeUndefined()
})

test('a time that has passed is not waited for', async () => {
  await systemClock.sleep(-1, new AbortController().signal)
  await expect(systemClock.sleep(0, new AbortController().signal)).resolves.toBeUndefined()
})

test('a sleeper does not wake at once because its time is too long for a timer', async () => {
  const stop = new AbortController()
  let awake = false
  const asleep = systemClock.sleep(2 ** 40, stop.signal).then(() => {
    awake = true
  })
  // A timer that overflows fires after one millisecond.
  await systemClock.sleep(20, new AbortController().signal)
  expect(awake).toBe(false)
  stop.abort()
  await asleep
})
