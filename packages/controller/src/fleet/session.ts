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
import type { Catalogues } from './catalogues.ts'

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

export interface SessionOf {
  readonly host: HostId
  /** Who it is by that, whatever it says. */
  readonly by: 'certificate' | 'SSH key'
  readonly catalogues: Catalogues
}

export async function openSession(peer: Peer, { host, by, catalogues }: SessionOf): Promise<SessionOpened> {
  const agent = clientOver<AgentRouter>(peer)
  const asked = catalogues.ask()
  try {
    const answer = await agent.hello.query({ knows: asked.knows }, { context: { limitMs: helloLimitMs } })
    const said = Hello.safeParse(answer)
    const hello = said.success ? asked.complete(said.data, peer.ended) : null
    if (!hello) return refuse('malformed-frame', 'What it says of itself makes no sense.')
    if (hello.host !== host)
      return refuse('wrong-host', `Its ${by} is that of ${host}, and it calls itself ${hello.host}.`)
    const agreed = agree(hello.spoken)
    if (!agreed.ok) return refuse('not-spoken-here', agreed.says)
    const close = (because?: Problem): void => peer.close(because)
    return { ok: true, value: { host, hello, agent, ended: peer.ended, close } }
  } catch (error) {
    return { ok: false, problem: problemOf(error) }
  }
}

function refuse(code: ProblemCode, detail: string): SessionOpened {
  return { ok: false, problem: problem(code, detail) }
}
