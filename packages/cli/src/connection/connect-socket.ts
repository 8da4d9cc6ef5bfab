/** The way to the controller: its unix socket, and a peer on it. What stands in the way is a problem with what to do. */
import { connect } from 'node:net'
import { Peer, problem, shellWord, streamChannel, type Problem } from '@fleetmend/shared'

export type Connected =
  | { readonly ok: true; readonly peer: Peer }
  /** `again`: it may come back by itself. */
  | { readonly ok: false; readonly problem: Problem; readonly again: boolean }

export function connectSocket(path: string): Promise<Connected> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const refuse = (error: NodeJS.ErrnoException): void => {
      socket.destroy()
      resolve({ ok: false, ...whyNot(path, error.code ?? error.message) })
    }
    socket.once('error', refuse)
    socket.once('connect', () => {
      socket.off('error', refuse)
      // In the same turn: a channel must be listened to before the first byte arrives.
      resolve({ ok: true, peer: new Peer(streamChannel(socket)) })
    })
  })
}

function whyNot(path: string, code: string): { readonly problem: Problem; readonly again: boolean } {
  switch (code) {
    case 'ENOENT':
      return unreachable(`There is no controller at ${path}. ${start}`, true)
    case 'ECONNREFUSED':
      return unreachable(`Nobody listens on ${path}: the controller was there and is gone. ${start}`, true)
    case 'EACCES':
    case 'EPERM':
      return unreachable(
        `You may not use ${path}. The socket belongs to whoever runs the controller; do it as that user:\n    sudo fleetmend --socket ${shellWord(path)} …`,
        false,
      )
    default:
      return unreachable(`Cannot use ${path}: ${code}. ${start}`, false)
  }
}

const start = 'Start it, or say where it is with --socket or FLEETMEND_SOCKET:\n    fleetmend controller serve --help'

function unreachable(detail: string, again: boolean): { readonly problem: Problem; readonly again: boolean } {
  return { problem: problem('controller-unreachable', detail), again }
}
