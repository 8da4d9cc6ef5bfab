import { expect, test } from 'vitest'
import { roomFor } from './room.ts'

test('it is full above the mark, and has room again only at half of it', async () => {
  let queuedBytes = 100
  const room = roomFor(() => queuedBytes, 100)
  expect(room.pressure()).toBeNull()
  queuedBytes = 101
  const full = room.pressure()
  expect(full).toBeInstanceOf(Promise)
  expect(room.pressure()).toBe(full)

  queuedBytes = 51
  room.drained()
  expect(room.pressure()).toBe(full)
  queuedBytes = 50
  room.drained()
  await full
  expect(room.pressure()).toBeNull()
})

test('who waits when the channel ends waits no longer, and nobody waits again', async () => {
  const room = roomFor(() => 1000, 100)
  const full = room.pressure()
  room.release()
  await full
  expect(room.pressure()).toBeNull()
})
