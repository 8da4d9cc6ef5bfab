/** An agent at the end of a line, whichever way that went, and what a caller does with it more than once. */
import {
  clientOver,
  Peer,
  sessionRoot,
  type ApplyNews,
  type PeerLimits,
  type PlanRecord,
  type ShownAuthority,
} from '@fleetmend/shared'
import type { TRPCClient } from '@trpc/client'
import type { AgentRouter } from '../../../packages/agent/src/router.ts'
import type { HardwareKey } from '../../../packages/shared/test/hardware-key.ts'
import { approvalOf } from '../../lab/approval-of.ts'
import type { Way } from './way.ts'

export interface AskedAgent extends AsyncDisposable {
  readonly client: TRPCClient<AgentRouter>
  readonly peer: Peer
}

export interface NumberedNews {
  readonly id: string
  readonly data: ApplyNews
}

export async function askOver(way: Way, limits: Partial<PeerLimits> = {}): Promise<AskedAgent> {
  const line = await way.open()
  const peer = new Peer(line.channel, { limits })
  return {
    client: clientOver<AgentRouter>(peer),
    peer,
    async [Symbol.asyncDispose]() {
      peer.close()
      await peer.ended
      await line.leave()
    },
  }
}

export async function plannedReload({ client }: AskedAgent, service: string, watchMs: number): Promise<PlanRecord> {
  const planned = await client.remediate.plan.mutate({ want: [{ id: 'reload-fpm', input: { service } }], watchMs })
  if (planned.kind !== 'planned') throw new Error(JSON.stringify(planned))
  return planned.record
}

/** What this line needs to begin it: nothing where it is root's own, an approval everywhere else. */
export async function authorityFor(
  { client }: AskedAgent,
  record: PlanRecord,
  approver: HardwareKey,
): Promise<ShownAuthority> {
  return (await client.hello.query()).asRoot === true ? sessionRoot : approvalOf(record, approver)
}

export async function begun(agent: AskedAgent, record: PlanRecord, approver: HardwareKey) {
  const authority = await authorityFor(agent, record, approver)
  return (await agent.client.remediate.begin.mutate({ plan: record.digest, authority })).apply
}

/** Into `seen` as it comes, until it has ended or `enough` says so; a cut line is thrown. */
export async function follow(
  { client }: AskedAgent,
  apply: string,
  seen: NumberedNews[],
  enough: () => boolean | Promise<boolean> = () => false,
): Promise<void> {
  const leave = new AbortController()
  const lastEventId = seen.at(-1)?.id
  const news = client.remediate.watch.subscribe(
    { apply, ...(lastEventId === undefined ? {} : { lastEventId }) },
    { signal: leave.signal },
  )
  for await (const { id, data } of news) {
    seen.push({ id, data })
    if (await enough()) break
  }
  leave.abort()
}
