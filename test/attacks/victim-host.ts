/** A host whose FPM is down, with a real agent and its state folder, and at the other end of the line whoever attacks it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BREAK_GLASS_NAMESPACE,
  clientOver,
  HostEntry,
  memoryChannels,
  Peer,
  planTree,
  problemOf,
  type Approval,
  type BreakGlass,
  type Grant,
  type Manifest,
  type PlanRecord,
  type ProblemCode,
  type RemoteAuthority,
  type SignedGrant,
} from '@fleetmend/shared'
import { expect } from 'vitest'
import { readRecords } from '../../packages/agent/src/audit/read-chain.ts'
import { freezePath, policyPath } from '../../packages/agent/src/judgement/brakes.ts'
import { agentRouter, type AgentRouter } from '../../packages/agent/src/router.ts'
import { agentService } from '../../packages/agent/src/serve/agent-service.ts'
import { approversPath } from '../../packages/agent/src/serve/approvers-file.ts'
import { openStateFolder } from '../../packages/agent/src/state/state-folder.ts'
import { hardwareKey } from '../../packages/shared/test/hardware-key.ts'
import {
  sampleGrant,
  manifestOver,
  signApproval,
  signBreakGlass,
  signGrant,
} from '../../packages/shared/test/signed.ts'
import { webHost } from '../scenarios/web-host.ts'
import { carryOut } from '../scenarios/world.ts'

export const service = 'php8.2-fpm'
export const minuteMs = 60_000
export const ana = hardwareKey('ed25519')
export const ben = hardwareKey('ecdsa')
export const stranger = hardwareKey('ed25519')
export type Key = typeof ana

/** Ana and ben, who may approve and nothing more. */
const twoPeople = `ana ${ana.publicKey}\nben ${ben.publicKey}\n`

export interface Victim extends AsyncDisposable {
  /** A plan of this host for one remediation. */
  plan(input?: Readonly<Record<string, string | boolean>>): Promise<PlanRecord>
  /** How the host refuses to begin the plan; null: it began it. */
  begin(plan: Pick<PlanRecord, 'digest'>, authority: unknown, more?: object): Promise<ProblemCode | null>
  /** How it answers to any procedure. */
  call(path: string, input: unknown): Promise<ProblemCode | null>
  /** What root on the host writes down. */
  approvers(text: string): void
  policy(text: string): void
  freeze(): void
  passMs(ms: number): void
  /** The agent ends and begins anew on what is on disk. */
  restart(): void
  /** Begins what may be begun, and waits until it is done. */
  carryOut(plan: Pick<PlanRecord, 'digest'>, authority: RemoteAuthority): Promise<void>
  readonly begun: () => number
  /** The codes with which applies were refused, as the host has them on record. */
  refusals(): Promise<readonly string[]>
  /** That it is itself: by its own rules again, it says who it is, and heals by what was properly approved. */
  expectHealthy(): Promise<void>
}

export async function victimHost(): Promise<Victim> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetmend-victim-'))
  const opened = await openStateFolder(folder)
  if (!opened.ok) throw new Error(opened.says)
  const state = opened.value
  const web = webHost('web-1')
  web.killFpm()
  web.world.directories.add('/etc/fleetmend')
  const write = (path: string, text: string): void =>
    void web.world.files.set(path, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  write(approversPath, twoPeople)

  const applies: Promise<void>[] = []
  const peers: Peer[] = []
  const serve = (): Peer => {
    const agent = agentService({
      host: web.host,
      state,
      start: async (id) => {
        applies.push(carryOut(web, state, id))
        return { ok: true }
      },
    })
    const [ours, theirs] = memoryChannels()
    peers.push(new Peer(ours, { router: agentRouter, createContext: () => ({ agent }) }))
    const attacker = new Peer(theirs)
    peers.push(attacker)
    return attacker
  }
  let line = serve()
  const client = () => clientOver<AgentRouter>(line)
  const plan = async (input: Readonly<Record<string, string | boolean>> = { service }): Promise<PlanRecord> => {
    const want = [{ id: 'start-service', input }]
    const answer = await client().remediate.plan.mutate({ want, watchMs: 0 })
    if (answer.kind !== 'planned') throw new Error(answer.because)
    return answer.record
  }

  return {
    plan,
    begin: ({ digest }, authority, more = {}) =>
      codeOf(line.mutation('remediate.begin', { plan: digest, authority, ...more })),
    call: (path, input) => codeOf(line.mutation(path, input)),
    approvers: (text) => write(approversPath, text),
    policy: (text) => write(policyPath, text),
    freeze: () => write(freezePath, 'Stocktaking'),
    passMs: (ms) => void (web.world.fpm.nowMs = web.host.nowMs() + ms),
    restart() {
      for (const peer of peers.splice(0)) peer.close()
      line = serve()
    },
    async carryOut({ digest }, authority) {
      await client().remediate.begin.mutate({ plan: digest, authority })
      await Promise.all(applies)
    },
    begun: () => applies.length,
    async refusals() {
      const records = await readRecords(state, 1, 200)
      return records.flatMap(({ entry }) => {
        const read = HostEntry.parse(entry)
        return read.type === 'apply-refused' ? [read.code] : []
      })
    },
    async expectHealthy() {
      await Promise.all(applies)
      web.world.files.delete(freezePath)
      write(approversPath, twoPeople)
      write(policyPath, 'coolDownMinutes: 0')
      web.killFpm()
      expect((await client().hello.query()).host).toBe('web-1')
      const record = await plan()
      await client().remediate.begin.mutate({ plan: record.digest, authority: approvalOf(record) })
      await Promise.all(applies)
      expect(web.status()).toBe(200)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(applies)
      for (const peer of peers) peer.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function codeOf(call: Promise<unknown>): Promise<ProblemCode | null> {
  return call.then(
    () => null,
    (error: unknown) => problemOf(error).code,
  )
}

interface Signing {
  readonly by?: readonly Key[]
  readonly change?: Partial<Manifest>
  readonly namespace?: string
}

/** What an honest controller would have had signed: the plan of this host beside that of another. */
export function manifestOf({ digest, plan }: PlanRecord, change: Partial<Manifest> = {}): Manifest {
  return manifestOver(treeOf({ digest, plan }), { notBefore: plan.madeAt, notAfter: plan.expiresAt, ...change })
}

function treeOf({ digest, plan }: Pick<PlanRecord, 'digest' | 'plan'>) {
  return planTree([
    { host: plan.host, digest },
    { host: 'web-9', digest: `sha256:${'9'.repeat(64)}` },
  ])
}

export function approvalOf(record: PlanRecord, { by = [ana], change, namespace }: Signing = {}): Approval {
  const proof = treeOf(record).proofOf(record.plan.host)!
  return signApproval(by, { manifest: manifestOf(record, change), proof }, namespace)
}

export function brokenGlassOf(record: PlanRecord, by: Key, namespace = BREAK_GLASS_NAMESPACE): BreakGlass {
  return signBreakGlass(by, approvalOf(record), 'shop is down', namespace)
}

export function grantOf(change: Partial<Grant> = {}, by: readonly Key[] = [ana]): SignedGrant {
  const grant = sampleGrant({
    remediations: ['start-service'],
    inputs: { service: { oneOf: [service] }, startStopped: { oneOf: [false] } },
    hosts: { named: ['web-1'] },
    notBefore: new Date(Date.now() - minuteMs).toISOString(),
    notAfter: new Date(Date.now() + 24 * 60 * minuteMs).toISOString(),
    ...change,
  })
  return signGrant(by, grant)
}
