/** From a host that is reached over SSH to its session: connected, bound to its agent, and who it should be. */
import { Peer, problem, streamChannel, type HostId, type Problem, type Timers } from '@fleetmend/shared'
import type { SshConnection, SshDriver, SshTarget } from '@fleetmend/ssh'
import { startBound } from './bound-agent.ts'
import { openSession, type SessionOpened } from './session.ts'
import type { Sessions } from './sessions.ts'

/** Of a host behind a slow line, with a jump host on the way. */
const openLimitMs = 30_000

export interface SshSessionParts {
  readonly access: { readonly driver: SshDriver }
  readonly timers: Timers
  readonly sessions: Pick<Sessions, 'catalogues'>
}

/** The connection ends with the session. */
export async function openSshSession(
  host: HostId,
  target: SshTarget,
  { access, timers, sessions }: SshSessionParts,
  signal: AbortSignal,
): Promise<SessionOpened> {
  const limit = AbortSignal.timeout(openLimitMs)
  const either = AbortSignal.any([signal, limit])
  try {
    const connected = await access.driver.connect(target, either)
    if (!connected.ok) return connected
    const opened = await sessionOver(connected.value, host, { timers, sessions }, either).catch(
      async (error: unknown) => {
        await connected.value[Symbol.asyncDispose]()
        throw error
      },
    )
    if (!opened.ok) await connected.value[Symbol.asyncDispose]()
    return opened
  } catch (error) {
    if (!either.aborted) throw error
    return { ok: false, problem: signal.aborted ? wasCut(host) : tooSlow(host) }
  }
}

async function sessionOver(
  connection: SshConnection,
  host: HostId,
  { timers, sessions }: Pick<SshSessionParts, 'timers' | 'sessions'>,
  signal: AbortSignal,
): Promise<SessionOpened> {
  const bound = await startBound(connection, signal)
  if (!bound.ok) return bound
  const peer = new Peer(streamChannel(bound.value, { preamble: 'expect', timers }), { timers })
  const cut = (): void => peer.close()
  signal.addEventListener('abort', cut, { once: true })
  const opened = await openSession(peer, { host, by: 'SSH key', catalogues: sessions.catalogues })
  signal.removeEventListener('abort', cut)
  signal.throwIfAborted()
  if (!opened.ok) {
    peer.close()
    return opened
  }
  if (opened.value.hello.asRoot === true) {
    peer.close(rootThere(connection))
    return { ok: false, problem: rootThere(connection) }
  }
  void peer.ended.then(() => connection[Symbol.asyncDispose]())
  return opened
}

/** Whoever is root there needs no approval: with it a stolen controller could begin what nobody signed. */
function rootThere({ target }: SshConnection): Problem {
  return problem(
    'ssh-not-bound',
    `The account ${target.user} on ${target.alias} is bound to an agent that takes it for root, which needs nobody's approval. A controller must not have that. Bind its key to the agent's socket:\n    restrict,command="/usr/bin/fleetmend-agent stdio"`,
  )
}

function tooSlow(host: HostId): Problem {
  return problem('timed-out', `${host} did not answer over SSH within ${openLimitMs / 1000} s.`)
}

function wasCut(host: HostId): Problem {
  return problem('unreachable', `The connection to ${host} was ended here.`)
}
