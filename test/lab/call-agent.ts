/** Asks the agent of a host as its controller would, or as somebody who took its place: over its socket, from outside. */
import { connect } from 'node:net'
import { clientOver, Peer, streamChannel } from '@fleetmend/shared'
import type { AgentRouter } from '../../packages/agent/src/router.ts'
import type { LiveHost } from './live-host.ts'
import { agentSocketOf } from './serving-agent.ts'

export function callAgent(host: LiveHost) {
  const socket = connect(agentSocketOf(host))
  const peer = new Peer(streamChannel(socket))
  return { client: clientOver<AgentRouter>(peer), close: () => peer.close() }
}
