import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { openDoors } from './open-doors.ts'

test('everybody who comes to the port is let in, through whichever door', async () => {
  const inside: Socket[] = []
  const doors = await openDoors({ host: '127.0.0.1', port: 0, connected: (socket) => inside.push(socket) })
  const comers = Array.from({ length: 200 }, () => connect(doors.port, '127.0.0.1'))
  await Promise.all(comers.map((comer) => once(comer, 'connect')))
  while (inside.length < comers.length) await new Promise((resolve) => setImmediate(resolve))
  expect(inside.every((socket) => socket.isPaused())).toBe(true)
  for (const socket of [...inside, ...comers]) socket.destroy()
  await doors.close()
})

test('a port that somebody else listens on is not shared with them', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await expect(openDoors({ host: '127.0.0.1', port, connected: () => undefined })).rejects.toThrow('EADDRINUSE')
  other.close()
})

test('nor with another controller', async () => {
  const first = await openDoors({ host: '127.0.0.1', port: 0, connected: () => undefined })
  const second = openDoors({ host: '127.0.0.1', port: first.port, connected: () => undefined })
  await expect(second).rejects.toThrow('EADDRINUSE')
  await first.close()
  const third = await openDoors({ host: '127.0.0.1', port: first.port, connected: () => undefined })
  await third.close()
})
