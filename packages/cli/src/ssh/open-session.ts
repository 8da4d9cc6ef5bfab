/**
 * From what a person calls a host to its agent, answering as root: over SSH with the person's own key, through an agent that
 * is installed there, or one that is put there for the session.
 */
import type { AgentRouter } from '@fleetmend/agent'
import {
  agree,
  callFailureOf,
  clientOver,
  installedPlaces,
  Peer,
  problem,
  problemOf,
  streamChannel,
  type Problem,
} from '@fleetmend/shared'
import { commandLine, type SshConnection, type SshOutcome, type SshProcess } from '@fleetmend/ssh'
import type { TRPCClient } from '@trpc/client'
import type { Architecture, FilesFound } from './agent-files.ts'
import { installedAgent, lookAtHost, type SeenHost } from './look-at-host.ts'
import { notStarting, putAgent, type PutAgent, type PutPlace } from './put-agent.ts'

export type Agent = TRPCClient<AgentRouter>

export interface HostSession {
  /** Another one after it was connected anew. */
  readonly agent: Agent
  /** Whether an apply can have a unit of its own there. */
  readonly canApply: boolean
  /** What a call failed with. */
  failure(error: unknown): Problem
  /** After its connection broke: to the same agent over another one. Null: it answers again. */
  reconnect(): Promise<Problem | null>
  /** Null: nothing is left there; otherwise what is, and why. */
  close(): Promise<string | null>
}

export interface Opening {
  readonly connect: (signal: AbortSignal) => Promise<SshOutcome<SshConnection>>
  readonly filesFor: (architecture: Architecture) => Promise<FilesFound>
  readonly keep: boolean
  readonly signal: AbortSignal
  /** What is being done, for whoever waits. */
  readonly says: (text: string) => void
}

export async function openSession(opening: Opening): Promise<SshOutcome<HostSession>> {
  const opened = await openLine(opening, null)
  if (!opened.ok) return opened
  let line = opened.value
  const session: HostSession = {
    get agent() {
      return line.agent
    },
    canApply: line.canApply,
    failure: (error) => line.failure(error),
    async reconnect() {
      const anew = await openLine(opening, line.place)
      if (!anew.ok) return anew.problem
      line = anew.value
      return null
    },
    close: () => line.close(),
  }
  return { ok: true, value: session }
}

interface Line extends Omit<HostSession, 'reconnect'> {
  /** Of the agent that was put there. */
  readonly place: PutPlace | null
}

async function openLine(opening: Opening, left: PutPlace | null): Promise<SshOutcome<Line>> {
  const { signal, says } = opening
  says('connecting')
  const connected = await opening.connect(signal)
  if (!connected.ok) return connected
  const connection = connected.value
  const line = await lineOver(connection, opening, left).catch(async (error: unknown) => {
    await connection[Symbol.asyncDispose]()
    throw error
  })
  if (!line.ok) await connection[Symbol.asyncDispose]()
  return line
}

async function lineOver(connection: SshConnection, opening: Opening, left: PutPlace | null): Promise<SshOutcome<Line>> {
  const { signal, says, filesFor } = opening
  says('looking what is there')
  const seen = await lookAtHost(connection, signal)
  if (!seen.ok) return seen
  if (seen.value.agent !== null) {
    const installed = await answering(connection, seen.value, itself, signal, understood)
    // One that is too old to be asked this way, or too new: ours stands beside it for the session.
    if (installed.ok) return installed
  }
  const files = await filesFor(seen.value.architecture)
  if (!files.ok) return files
  says('looking whether the agent is there')
  const put = await putAgent(connection, seen.value, files.value, {
    ...opening,
    ...{ near: installedPlaces.current, left },
    canApply: seen.value.hasSystemd,
    sent: (bytes, of) => says(putting(bytes, of, opening.keep)),
  })
  if (!put.ok) return put
  says('starting the agent')
  try {
    const line = await answering(connection, seen.value, put.value, signal, answers)
    if (!line.ok) await put.value.remove()
    return line
  } catch (error) {
    await put.value.remove()
    throw error
  }
}

function putting(bytes: number, ofBytes: number, keep: boolean): string {
  const size = Math.round(ofBytes / 1024 ** 2)
  const far = bytes === 0 ? `${size}` : `${Math.round(bytes / 1024 ** 2)} of ${size}`
  return `putting the agent there (${far} MiB), ${keep ? 'once' : 'for this session'}`
}

/** The one that is installed: nothing was put there for it. */
const itself: PutAgent = { command: [installedAgent], place: null, remove: async () => null }

async function answering(
  connection: SshConnection,
  { asRoot, hasSystemd }: SeenHost,
  { command, place, ...put }: PutAgent,
  signal: AbortSignal,
  greet: Greeting,
): Promise<SshOutcome<Line>> {
  const started = await connection.start(commandLine(asRoot([...command, 'serve', '--stdio'])), signal)
  if (!started.ok) return started
  const { value: process } = started
  const complaints = tailOf(process)
  const peer = new Peer(streamChannel(process.stdio, { preamble: 'expect' }))
  const agent = clientOver<AgentRouter>(peer)
  let connectionLost: Problem | null = null
  void connection.ended.then((why) => (connectionLost = why))

  const close = async (): Promise<string | null> => {
    peer.close()
    await Promise.race([process.exited, new Promise((resolve) => setTimeout(resolve, leaveLimitMs).unref())])
    const left = await put.remove().catch((error: unknown) => String(error))
    await connection[Symbol.asyncDispose]()
    return left
  }
  const failure = (error: unknown): Problem => {
    if (callFailureOf(error) === null) return problemOf(error)
    return (
      connectionLost ??
      problem('ssh-broken', `The agent on ${connection.target.alias} stopped answering. ${complaints()}`.trim())
    )
  }
  const greeted = await greet(agent).catch((error: unknown) =>
    callFailureOf(error) === null
      ? problemOf(error)
      : (connectionLost ?? notStarting({ stdout: problemOf(error).detail, stderr: complaints() })),
  )
  if (greeted === null) return { ok: true, value: { agent, place, canApply: hasSystemd, failure, close } }
  peer.close()
  return { ok: false, problem: greeted }
}

/** Null: an agent answers, and we understand each other. */
type Greeting = (agent: Agent) => Promise<Problem | null>

const understood: Greeting = async (agent) => {
  const agreement = agree((await agent.hello.query()).spoken)
  return agreement.ok ? null : problem('not-spoken-here', agreement.says)
}

/** The one that we have brought; `hello` would make it open a folder of its own. */
const answers: Greeting = async (agent) => {
  await agent.explain.query({ diagnosis: 'fpm-stopped' })
  return null
}

const leaveLimitMs = 3000
const tailBytes = 4096

/** The end of what it says on standard error: what it broke with. */
function tailOf({ stderr }: SshProcess): () => string {
  let tail = ''
  stderr.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-tailBytes)))
  stderr.on('error', () => undefined)
  return () => tail
}
