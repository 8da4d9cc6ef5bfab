/** Answers the calls that come over streams, each with a peer of its own. */
import { streamChannel } from '@fleetmend/shared/wire/stream-channel'
import { Peer, type PeerOptions } from '@fleetmend/shared/wire/peer'
import type { ByteStream } from '@fleetmend/shared/wire/stream-channel'
import { listenOnSocket } from '@fleetmend/shared/own-socket'
import { agentRouter, type AgentService } from '../router.ts'
import { agentService, type ServedHost } from './agent-service.ts'

/** Without `root`: whoever comes over a socket, or over the line that it is handed on from, is root nowhere. */
export interface AnsweredHost extends Omit<ServedHost, 'root'> {
  readonly say: (line: string) => void
}

export function answeredBy(agent: AgentService, say: AnsweredHost['say']): PeerOptions {
  return {
    router: agentRouter,
    createContext: () => ({ agent }),
    onError: ({ path, error }) => say(`a bug in ${path}: ${error instanceof Error ? error.stack : String(error)}`),
  }
}

export function answerCalls({ host, state, start, say }: AnsweredHost): (stream: ByteStream) => void {
  const peer = answeredBy(agentService({ host, state, start }), say)
  return (stream) => void new Peer(streamChannel(stream), peer)
}

/** Whoever hands calls on has fewer callers of its own (`serveAgent`), and the line to the controller. */
const mostCallers = 128

/** On a socket of root's, until the input of this process ends; answers with what kept it from listening, or null. */
export async function answerOnSocket(
  host: AnsweredHost,
  path: string,
  input: NodeJS.ReadableStream,
  listening: () => void,
): Promise<string | null> {
  const ended = new Promise<void>((resolve) => input.on('end', resolve).on('close', resolve).resume())
  const socket = await listenOnSocket({ path, mode: 0o600, mostCallers, connected: answerCalls(host) })
  if (!socket.ok) return socket.says
  listening()
  await ended
  await socket.close()
  return null
}
