/**
 * The whole system in one process: a real controller on its store, real agents that dial in over TLS, real commands over
 * the controller's socket. Only the hosts are simulated, and systemd's part in beginning an apply.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TRPCClient } from '@trpc/client'
import { clientOver, decodeJoinToken, Peer, streamChannel } from '@fleetmend/shared'
import { recordEnrolled } from '../../packages/agent/src/audit/on-record.ts'
import { recordRenewal } from '../../packages/agent/src/commands/serve-work.ts'
import { diagnose } from '../../packages/agent/src/diagnoses/diagnose.ts'
import { apply } from '../../packages/agent/src/execute/apply.ts'
import type { StartApply } from '../../packages/agent/src/execute/begin-apply.ts'
import { discretion } from '../../packages/agent/src/execute/discretion.ts'
import type { Executor } from '../../packages/agent/src/execute/executor.ts'
import { addAgent } from '../../packages/agent/src/execute/simulated-world.ts'
import { enrolHost } from '../../packages/agent/src/serve/enrol-host.ts'
import type { AgentService } from '../../packages/agent/src/router.ts'
import { agentService, type ServedHost } from '../../packages/agent/src/serve/agent-service.ts'
import { answeredBy } from '../../packages/agent/src/serve/answer-calls.ts'
import type { Answering } from '../../packages/agent/src/serve/answering.ts'
import { serveAgent } from '../../packages/agent/src/serve/serve-agent.ts'
import { openApplyRecord } from '../../packages/agent/src/state/apply-record.ts'
import { reachedIdentity, writeIdentity, type Membership } from '../../packages/agent/src/state/identity.ts'
import { openStateFolder, type StateFolder } from '../../packages/agent/src/state/state-folder.ts'
import { look } from '../../packages/agent/src/survey/look.ts'
import { sampleTargets } from '../../packages/agent/src/survey/sample-targets.ts'
import {
  serveController,
  type ApiRouter,
  type ControllerTime,
  type RunningController,
} from '../../packages/controller/src/index.ts'
import { policyPath } from '../../packages/agent/src/judgement/brakes.ts'
import { approversPath } from '../../packages/agent/src/serve/approvers-file.ts'
import { controllerProcess, type ControllerProcess } from './controller-process.ts'
import { webHost, type WebHost } from './web-host.ts'
import { freePort } from '../lab/free-port.ts'
import { until } from '../lab/until.ts'

export interface World extends AsyncDisposable {
  readonly folder: string
  readonly socket: string
  /** Where agents dial in. */
  readonly agentsUrl: () => string
  /** Where people come in over the network. */
  readonly apiUrl: () => string
  /** Private keys of people; `olivia` is an approver on the hosts and the controller, `mallory` is nobody. */
  readonly keys: { readonly olivia: string; readonly mallory: string }
  readonly api: () => TRPCClient<ApiRouter>
  /** Lets a new host in, with a token made as people make it, and waits until it is connected. */
  add(id: string, labels?: Readonly<Record<string, string>>, amiss?: Amiss): Promise<Member>
  /** A new host that dials nobody: its agent answers on its socket. */
  install(id: string, fleet?: string): Promise<Member>
  startController(): Promise<void>
  /** What hosts are doing goes on. */
  stopController(): Promise<void>
  /** With SIGKILL, where it is a process of its own. */
  killController(): Promise<void>
  /** For the log of a test that fails. */
  readonly log: readonly string[]
}

/** What an agent answers that is not what was installed; it is otherwise as it should be. */
export type Amiss = (honest: AgentService, host: WebHost) => Partial<AgentService>

export interface Member extends WebHost {
  readonly state: StateFolder
  /** Of its agent, for whoever is let in to it on the host. */
  readonly agentSocket: string
  /** How often an apply was really begun here. */
  readonly begun: () => number
  /** From now on what is begun waits before its first deed, until it is released. */
  hold(): void
  release(): void
  /** Its agent ends; what it had begun goes on. */
  disconnect(): Promise<void>
}

export interface WorldOptions {
  /** Somebody whom only the controller takes for an approver: it is wrong, or it was stolen. */
  readonly alsoApprovesOnController?: 'mallory'
  /** Of every host; left out, they keep to the defaults. */
  readonly policy?: string
  /** By which the controller waits; left out, that of this machine. */
  readonly time?: ControllerTime
  /** The controller is a process of its own; left out: it is in this one. */
  readonly apart?: boolean
  /** Of a PostgreSQL in which it keeps its store; left out: a file. */
  readonly databaseUrl?: string | undefined
}

export async function openWorld({
  alsoApprovesOnController,
  policy = '',
  time,
  apart = false,
  databaseUrl,
}: WorldOptions = {}): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-world-'))
  const socket = join(folder, 'controller.sock')
  const approvers = join(folder, 'approvers')
  const keys = { olivia: newKey(folder, 'olivia'), mallory: newKey(folder, 'mallory') }
  const olivia = `olivia ${readFileSync(`${keys.olivia}.pub`, 'utf8')}`
  const also = alsoApprovesOnController ? `mallory ${readFileSync(`${keys.mallory}.pub`, 'utf8')}` : ''
  writeFileSync(approvers, olivia + also, { mode: 0o644 })
  const files = { [approversPath]: olivia, [policyPath]: policy }
  const members: Member[] = []
  const peers: Peer[] = []
  const log: string[] = []
  let controller: RunningController | null = null
  let standingApart: ControllerProcess | null = null
  let port = apart ? await freePort() : 0
  let apiPort = 0

  const startController = async (): Promise<void> => {
    if (apart) {
      const answers = () =>
        api()
          .hello.query()
          .then(Boolean, () => false)
      standingApart = await controllerProcess({ folder, socket, approvers, port, databaseUrl, log, answers })
      return
    }
    const served = await serveController({
      dataFolder: join(folder, 'data'),
      databaseUrl,
      socketPath: socket,
      listenHost: '127.0.0.1',
      listenPort: port,
      ...(port === 0 ? {} : { publicUrl: `wss://127.0.0.1:${port}` }),
      names: ['127.0.0.1'],
      approversPath: approvers,
      api: { host: '127.0.0.1', port: apiPort },
      ...(time ? { time } : {}),
      log: (line) => log.push(line),
    })
    if (!served.ok) throw new Error(served.problem.detail)
    controller = served.value
    port = Number(new URL(controller.agentsUrl).port)
    apiPort = Number(new URL(controller.apiUrl ?? '').port)
  }
  const stopController = async (): Promise<void> => {
    for (const peer of peers.splice(0)) peer.close()
    await controller?.close()
    await standingApart?.stop()
    controller = null
    standingApart = null
  }
  const killController = async (): Promise<void> => {
    if (!standingApart) throw new Error('The controller is no process of its own.')
    await standingApart.kill()
    for (const peer of peers.splice(0)) peer.close()
    standingApart = null
  }
  const api = (): TRPCClient<ApiRouter> => {
    const peer = new Peer(streamChannel(connect(socket)))
    peers.push(peer)
    return clientOver<ApiRouter>(peer)
  }

  await startController()
  return {
    folder,
    socket,
    agentsUrl: () => `wss://127.0.0.1:${port}`,
    apiUrl: () => `wss://127.0.0.1:${apiPort}`,
    keys,
    api,
    startController,
    stopController,
    killController,
    log,
    async add(id, labels = {}, amiss = () => ({})) {
      const { token } = await api().hosts.invite.mutate({
        by: 'test',
        labels: { ...labels },
        host: null,
        lifeMs: 60_000,
      })
      const enrol = (host: string): Promise<Membership> => enrolWith(token, host)
      const member = await installed(join(folder, id), { id, files, amiss, enrol, impatient: apart })
      members.push(member)
      await untilConnected(api(), id)
      return member
    },
    async install(id, given) {
      const fleet = given ?? (await api().hello.query()).fleet
      const enrol = async (host: string): Promise<Membership> => reachedIdentity(host, fleet)
      const member = await installed(join(folder, id), { id, files, amiss: () => ({}), enrol })
      members.push(member)
      return member
    },
    async [Symbol.asyncDispose]() {
      for (const member of members) await member.disconnect()
      await stopController()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Newcomer {
  readonly id: string
  readonly files: Readonly<Record<string, string>>
  readonly amiss: Amiss
  readonly enrol: (host: string) => Promise<Membership>
  /** Tries again within a second, however often its controller was away: a night is not spent on waiting. */
  readonly impatient?: boolean
}

async function atMostASecond(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.min(ms, 1000), undefined, { signal }).catch(() => undefined)
}

async function enrolWith(token: string, host: string): Promise<Membership> {
  const decoded = decodeJoinToken(token)
  if (!decoded.ok) throw new Error(decoded.problem.detail)
  const newcomer = { host, os: 'Debian GNU/Linux 12 (bookworm)', agentVersion: '0.1.0' }
  const enrolling = await enrolHost(decoded.value, newcomer)
  if (!enrolling.ok) throw new Error(enrolling.problem.detail)
  return enrolling.identity
}

async function installed(folder: string, { id, files, amiss, enrol, impatient }: Newcomer): Promise<Member> {
  const opened = await openStateFolder(folder)
  if (!opened.ok) throw new Error(opened.says)
  const state = opened.value
  const web = webHost(id)
  web.world.directories.add('/etc/fleetmend')
  for (const [path, text] of Object.entries(files))
    web.world.files.set(path, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  const identity = await enrol(id)
  await writeIdentity(state, identity)
  await recordEnrolled({ state, host: web.host }, identity)
  let begun = 0
  let gate = Promise.withResolvers<void>()
  gate.resolve()
  const start: StartApply = async (apply) => {
    begun++
    void gate.promise.then(() => carryOut(web, state, apply))
    return { ok: true }
  }
  const ends = new AbortController()
  const agentSocket = join(folder, 'agent.sock')
  const serving = serveAgent(
    {
      name: web.host.id,
      host: web.host,
      state,
      answering: answeringHere({ host: web.host, state, start }, (honest) => amiss(honest, web)),
      sampleTargets: () => sampleTargets(web.host),
      ...(impatient ? { waitToDial: atMostASecond } : {}),
      recordRenewal: async () => void (await recordRenewal(web.host, state)),
      socketPath: agentSocket,
      say: () => undefined,
      atRest: () => undefined,
    },
    ends.signal,
  )
  return Object.assign(web, {
    ...{ state, agentSocket },
    begun: () => begun,
    hold: () => void (gate = Promise.withResolvers()),
    release: () => gate.resolve(),
    disconnect: async () => {
      ends.abort()
      await serving
    },
  })
}

/** What a process of its own does on a real host. */
function answeringHere(host: ServedHost, amiss: (honest: AgentService) => Partial<AgentService>): Answering {
  const honest = agentService(host)
  const peer = answeredBy({ ...honest, ...amiss(honest) }, () => undefined)
  return {
    open: () => {
      const [ours, theirs] = duplexPair()
      void new Peer(streamChannel(theirs), peer)
      return Promise.resolve(ours)
    },
  }
}

/** What a transient unit does on a real host. */
export async function carryOut({ host, world }: WebHost, state: StateFolder, id: string): Promise<void> {
  const record = await openApplyRecord(state, id)
  if (!record.ok) throw new Error(record.problem.detail)
  const self = { pid: 900, startTicks: 9000 }
  addAgent(world, self)
  const executor: Executor = {
    ...{ host, state, self, discretion: discretion(host) },
    look: () => look(host),
    diagnose: (facts) => diagnose(facts),
  }
  await apply(executor, record.value)
}

async function untilConnected(api: TRPCClient<ApiRouter>, id: string): Promise<void> {
  await until(async () => (await api.hosts.list.query({ hosts: [id] }))[0]?.connected === true, `${id} to be connected`)
}

function newKey(folder: string, name: string): string {
  const path = join(folder, name)
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path])
  return path
}
