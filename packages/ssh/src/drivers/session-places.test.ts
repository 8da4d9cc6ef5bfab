import { expect, test } from 'vitest'
import { sessionPlaces } from './session-places.ts'

test('places are given in the order in which they are asked for, and one that is free goes to the next', async () => {
  const places = sessionPlaces(2)
  const [first, second] = [await places.take(), await places.take()]
  const order: string[] = []
  const third = places.take().then((place) => (order.push('third'), place))
  const fourth = places.take().then((place) => (order.push('fourth'), place))
  second?.free()
  second?.free()
  await third
  expect(order).toEqual(['third'])
  first?.free()
  await fourth
  expect(order).toEqual(['third', 'fourth'])
})

test('who is refused asks again at once when a place is free', async () => {
  const places = sessionPlaces()
  const [running, refused] = [await places.take(), await places.take()]
  running?.opened()
  const again = refused?.refused()
  running?.free()
  expect(await again).toBe('ask-again')
})

test('a refusal is the last word only where it is said again and again while nothing runs', async () => {
  const places = sessionPlaces()
  const refused = await places.take()
  const words: (string | undefined)[] = []
  const askFiveTimes = async (): Promise<void> => {
    for (let times = 0; times < 5; times++) {
      const word = refused?.refused()
      // Something else ends without ever having run, which is no reason to wait for longer.
      ;(await places.take())?.free()
      words.push(await word)
    }
  }
  await askFiveTimes()
  const running = await places.take()
  running?.opened()
  running?.free()
  await askFiveTimes()
  expect(words).toEqual(Array(10).fill('ask-again'))
  expect(await refused?.refused()).toBe('give-up')
})

test('who waits no longer leaves the line', async () => {
  const places = sessionPlaces(1)
  const first = await places.take()
  const abort = new AbortController()
  const leaving = places.take(abort.signal)
  const staying = places.take()
  abort.abort(new Error('enough'))
  await expect(leaving).rejects.toThrow('enough')
  first?.free()
  expect(await staying).not.toBeNull()
})

test('once closed nobody gets a place, and nobody waits', async () => {
  const places = sessionPlaces(1)
  await places.take()
  const waiting = places.take()
  places.close()
  expect([await waiting, await places.take()]).toEqual([null, null])
})
