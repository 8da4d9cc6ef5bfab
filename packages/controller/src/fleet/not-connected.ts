/** What is said of a host that is not connected: why, where it is the controller that goes there, and where to look. */
import { problem, type HostId, type Problem } from '@fleetmend/shared'
import type { Sessions } from './sessions.ts'

/** `called`: `It` where many hosts with the same to say are shown as one. */
export function notConnected(sessions: Pick<Sessions, 'whyAway'>, host: HostId, called: string = host): Problem {
  const why = sessions.whyAway(host)
  if (why !== null) return problem('unreachable', `${called} is not connected (${why.code}): ${why.detail}`)
  return problem('unreachable', `${called} is not connected. On the host:\n    systemctl status fleetmend-agent`)
}
