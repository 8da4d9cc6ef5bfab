/** A host of the fleet is here, whichever way it came: known to everybody, until it is gone. */
import { safeLine } from '@fleetmend/shared'
import type { Clock } from '../runs/clock.ts'
import type { SeenHosts } from './seen-hosts.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

export interface Attending {
  readonly seen: SeenHosts
  readonly sessions: Sessions
  readonly clock: Clock
  /** Called when a host of the fleet is here. */
  readonly connected: (session: Session) => void
  readonly log: (line: string) => void
}

/** `entering`: called once, just before it counts; false: it does not, and is on its way out. Ends with the session. */
export async function attend(
  { seen, sessions, clock, connected, log }: Attending,
  session: Session,
  entering: () => boolean,
): Promise<void> {
  const { host, hello } = session
  const { os, agentVersion } = hello
  const saw = (): Promise<void> => seen.saw(host, { at: new Date(clock.nowMs()).toISOString(), os, agentVersion })
  await saw()
  if (entering()) {
    sessions.enter(session)
    connected(session)
    log(safeLine(`${host} connected (agent ${agentVersion})`))
  }
  const end = await session.ended
  if (sessions.get(host) === null) await saw()
  log(safeLine(`${host} disconnected${end.problem ? `: ${end.problem.detail}` : ''}`))
}
