/**
 * The control socket of our ssh master, as far as we speak to it (PROTOCOL.mux of OpenSSH). As long as we hold a connection
 * to it the master stays; with us, even killed, the connection goes, and soon after that the master (ControlPersist).
 */
import { connect } from 'node:net'
import { sshString } from '@fleetmend/shared'

export interface ControlSocket {
  /** The master is no more. */
  readonly closed: Promise<void>
  /** Has it end now, with everything that runs over it. */
  readonly terminate: () => void
  /** Lets go of it, and of nothing else. */
  readonly release: () => void
}

/** Null: there is no master. */
export function holdControlSocket(path: string): Promise<ControlSocket | null> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const closed = new Promise<void>((done) => socket.on('close', () => done()))
    socket.on('error', () => resolve(null))
    // It says hello, which nobody has to answer before there is something to ask.
    socket.on('data', () => {})
    socket.on('connect', () =>
      resolve({
        closed,
        release: () => void socket.destroy(),
        terminate() {
          socket.write(Buffer.concat([message(hello, muxVersion), message(terminateRequest, requestId)]))
          setTimeout(() => socket.destroy(), goodbyeMs).unref()
        },
      }),
    )
  })
}

const hello = 0x00000001
const muxVersion = 4
const terminateRequest = 0x10000005
const requestId = 1
const goodbyeMs = 500

function message(type: number, value: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt32BE(type, 0)
  body.writeUInt32BE(value, 4)
  return sshString(body)
}
