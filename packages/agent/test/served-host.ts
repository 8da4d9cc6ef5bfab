/** A host that knows ana, answering on a real socket, with a plan of its own and a client at the other end. */
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  clientOver,
  Peer,
  planTree,
  problemOf,
  streamChannel,
  type Approval,
  type Digest,
  type Manifest,
  type ShownAuthority,
} from '@fleetmend/shared'
import { listenOnSocket } from '@fleetmend/shared/own-socket'
import type { TRPCClient } from '@trpc/client'
import { hardwareKey } from '../../shared/test/hardware-key.ts'
import { manifestOver, signApproval } from '../../shared/test/signed.ts'
import type { StartApply } from '../src/execute/begin-apply.ts'
import { hostOf } from '../src/execute/simulated-host.ts'
import { simulatedWorld, type World } from '../src/execute/simulated-world.ts'
import { agentRouter, type AgentRouter } from '../src/router.ts'
import { agentService } from '../src/serve/agent-service.ts'
import { approversPath } from '../src/serve/approvers-file.ts'
import { savePlan } from '../src/state/plan-store.ts'
import { sampleMadeAtMs, samplePlan, type SamplePlan } from '../src/state/sample-plan.ts'
import { temporaryState } from '../src/state/temporary-state.ts'

export const ana = hardwareKey('ed25519')
export const ben = hardwareKey('ed25519')
export const stranger = hardwareKey('ed25519')
type Key = typeof ana

export async function served(
  start: StartApply = async () => ({ ok: true }),
  approvers = `ana ${ana.publicKey}\n`,
  planned: SamplePlan = {},
) {
  const folder = await temporaryState()
  const sockets = await mkdtemp(join(tmpdir(), 'fleetmend-agent-'))
  const world = simulatedWorld(sampleMadeAtMs + 1000)
  approve(world, approvers)
  const { record, sealed } = samplePlan(folder.state.key, planned)
  await savePlan(folder.state, record, sealed)
  const started: string[] = []
  const agent = agentService({
    host: hostOf(world),
    state: folder.state,
    start: async (id) => {
      started.push(id)
      return start(id)
    },
  })
  const path = join(sockets, 'agent.sock')
  const connected = (socket: Parameters<typeof streamChannel>[0]) =>
    void new Peer(streamChannel(socket), { router: agentRouter, createContext: () => ({ agent }) })
  const listening = await listenOnSocket({ path, mode: 0o660, mostCallers: 8, connected })
  if (!listening.ok) throw new Error(listening.says)
  const peer = new Peer(streamChannel(connect(path)))
  const client = clientOver<AgentRouter>(peer)
  return {
    agent,
    client,
    world,
    state: folder.state,
    plan: record.digest,
    started,
    async [Symbol.asyncDispose]() {
      peer.close()
      await listening.close()
      await rm(sockets, { recursive: true })
      await folder[Symbol.asyncDispose]()
    },
  }
}

export function approve(world: World, text: string): void {
  write(world, approversPath, text)
}

export function write(world: World, path: string, text: string): void {
  world.directories.add('/etc/fleetmend')
  world.files.set(path, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
}

export function approvalOf(
  plan: Digest,
  { by = ana, and = [], change = {} }: { by?: Key; and?: readonly Key[]; change?: Partial<Manifest> } = {},
): Approval {
  const tree = planTree([{ host: 'web-7', digest: plan }])
  const manifest = manifestOver(tree, {
    notBefore: new Date(sampleMadeAtMs - 60_000).toISOString(),
    notAfter: new Date(sampleMadeAtMs + 3_600_000).toISOString(),
    ...change,
  })
  return signApproval([by, ...and], { manifest, proof: tree.proofOf('web-7')! })
}

export async function told(client: TRPCClient<AgentRouter>, plan: Digest, authority: ShownAuthority) {
  return client.remediate.begin.mutate({ plan, authority }).then(
    ({ apply }) => ({ apply }),
    (error: unknown) => ({ problem: problemOf(error) }),
  )
}
