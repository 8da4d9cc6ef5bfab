/**
 * One port with several listening sockets behind it. A process takes one connection from each at every turn of its event loop
 * (libuv 1.45 on), and a turn is long while handshakes are computed: through one door alone a fleet that comes back overflows
 * what the kernel queues, and who is dropped there tries again after 1, 3, 7, 15, 31 and 63 seconds.
 */
import { createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net'

export interface Doors {
  readonly port: number
  /** Nobody is let in any more; those who are in stay. */
  close(): Promise<void>
}

export interface DoorsAt {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Nothing is read from it until it is resumed. */
  readonly connected: (socket: Socket) => void
}

const doorCount = 16
/** For each; the kernel takes no more than `net.core.somaxconn` says, which is 4096 as well. */
const backlog = 4096

export async function openDoors({ host, port, connected }: DoorsAt): Promise<Doors> {
  // Sockets that share a port do not notice whose else it is. This one does.
  const alone = createServer()
  await listen(alone, { host, port })
  await closed(alone)
  const doors: Server[] = []
  const openOne = async (at: number): Promise<number> => {
    const door = createServer({ pauseOnConnect: true }, connected)
    await listen(door, { host, port: at, backlog, reusePort: true })
    doors.push(door)
    return (door.address() as AddressInfo).port
  }
  try {
    const opened = await openOne(port)
    while (doors.length < doorCount) await openOne(opened)
    return { port: opened, close: async () => void (await Promise.all(doors.map(closed))) }
  } catch (error) {
    for (const door of doors) door.close()
    throw error
  }
}

function listen(server: Server, at: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
