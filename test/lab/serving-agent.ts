/** The agent of a host as a service: started, or started again, and there once somebody can connect to it. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { LiveHost } from './live-host.ts'
import { until } from './until.ts'

/** From outside of the host. */
export function agentSocketOf(host: LiveHost): string {
  return `/proc/${host.leaderPid}/root/run/fleetmend/agent.sock`
}

export async function restartAgent(host: LiveHost): Promise<void> {
  await host.must(['systemctl', 'restart', 'fleetmend-agent'])
  await until(() => listens(agentSocketOf(host)), 'the agent to serve')
}

async function listens(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
