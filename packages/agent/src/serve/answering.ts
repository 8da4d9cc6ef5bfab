/**
 * What answers calls: a process of its own that is there only while somebody asks. It is nearly all of the agent, and
 * most agents wait most of the time; what waits is small.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { startOwnProcess, type OwnProcess } from '../host/own-process.ts'
import type { Self } from '../host/self.ts'

export interface Answering {
  /** A stream of frames to what answers calls. It is needed until whoever asked for it ends it. */
  readonly open: () => Promise<Duplex>
}

export interface AnsweringProcess {
  readonly self: Self
  /** Listens on the socket that is its only argument. */
  readonly command: string
  /** For its socket. */
  readonly folder: string
}

interface Running {
  readonly process: OwnProcess
  readonly socketPath: string
  users: number
}

export function answeringProcess({ self, command, folder }: AnsweringProcess): Answering {
  let running: Promise<Running> | null = null
  let started = 0

  async function start(): Promise<Running> {
    // Each has a socket of its own: one that ends must not take away that of the next.
    const socketPath = join(folder, `answering-${process.pid}-${++started}.sock`)
    return { process: await startOwnProcess(self, [command, socketPath]), socketPath, users: 0 }
  }

  async function use(): Promise<Running> {
    running ??= start()
    const mine = running
    try {
      const found = await mine
      found.users++
      return found
    } catch (error) {
      if (running === mine) running = null
      const says = error instanceof Error ? error.message : String(error)
      throw new Error(`What answers calls did not start: ${says}.`, { cause: error })
    }
  }

  function leave(left: Running): void {
    left.users--
    if (left.users > 0) return
    running = null
    left.process.end()
  }

  return {
    async open() {
      const found = await use()
      const socket = connect(found.socketPath)
      socket.once('close', () => leave(found))
      await once(socket, 'connect')
      return socket
    },
  }
}
