/** One connected agent: what it said of itself, and the way to ask it. */
import type { AgentRouter } from '@fleetmend/agent'
import {
  agree,
  clientOver,
  Hello,
  problem,
  problemOf,
  type HostId,
  type Peer,
  type PeerEnd,
  type Problem,
  type ProblemCode,
} from '@fleetmend/shared'
import type { TRPCClient } from '@trpc/client'

export interface Session {
  readonly host: HostId
  readonly hello: Hello
  readonly agent: TRPCClient<AgentRouter>
  readonly ended: Promise<PeerEnd>
  /** In order; calls that wait for an answer fail as after a lost connection. */
  close(because?: Problem): void
}

export type SessionOpened =
  | { readonly ok: true; readonly value: Session }
  | { readonly ok: false; readonly problem: Problem }

/** An agent that does not say who it is within this time is not worth a connection. */
const helloLimitMs = 15_000

/** `host` is who it is by that, whatever it says. */
export async function openSession(peer: Peer, host: HostId, by: 'certificate' | 'SSH key'): Promise<SessionOpened> {
  const agent = clientOver<AgentRouter>(peer)
  try {
    const said = Hello.safeParse(await agent.hello.query(undefined, { context: { limitMs: helloLimitMs } }))
    if (!said.success) return refuse('malformed-frame', 'What it says of itself makes no sense.')
    if (said.data.host !== host)
      return refuse('wrong-host', `Its ${by} is that of ${host}, and it calls itself ${said.data.host}.`)
    const agreed = agree(said.data.spoken)
    if (!agreed.ok) return refuse('not-spoken-here', agreed.says)
    const close = (because?: Problem): void => peer.close(because)
    return { ok: true, value: { host, hello: said.data, agent, ended: peer.ended, close } }
  } catch (error) {
    return { ok: false, problem: problemOf(error) }
  }
}

function refuse(code: ProblemCode, detail: string): SessionOpened {
  return { ok: false, problem: problem(code, detail) }
}
