/** Answers the calls that come over streams, each with a peer of its own. */
import { streamChannel } from '@fleetmend/shared/wire/stream-channel'
import { Peer, type PeerOptions } from '@fleetmend/shared/wire/peer'
import type { ByteStream } from '@fleetmend/shared/wire/stream-channel'
import { listenOnSocket } from '@fleetmend/shared/own-socket'
import { agentRouter } from '../router.ts'
import { agentService, type ServedHost } from './agent-service.ts'

export interface AnsweredHost extends ServedHost {
  readonly say: (line: string) => void
}

export function answerCalls(host: AnsweredHost): (stream: ByteStream) => void {
  const agent = agentService(host)
  const peer: PeerOptions = {
    router: agentRouter,
    createContext: () => ({ agent }),
    onError: ({ path, error }) => host.say(`a bug in ${path}: ${error instanceof Error ? error.stack : String(error)}`),
  }
  return (stream) => void new Peer(streamChannel(stream), peer)
}

/** On a socket of root's, until the input of this process ends; answers with what kept it from listening, or null. */
export async function answerOnSocket(
  host: AnsweredHost,
  path: string,
  input: NodeJS.ReadableStream,
  listening: () => void,
): Promise<string | null> {
  const ended = new Promise<void>((resolve) => input.on('end', resolve).on('close', resolve).resume())
  const socket = await listenOnSocket({ path, mode: 0o600, connected: answerCalls(host) })
  if (!socket.ok) return socket.says
  listening()
  await ended
  await socket.close()
  return null
}
