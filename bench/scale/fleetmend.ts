/** Fleetmend itself, in two processes that are measured: a whole controller, and its half that agents are connected to. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentsProcess, Dialled } from './agents-process.ts'
import type { RecordedAnswers } from './answers.ts'
import type { Controller } from './controller.ts'
import type { FleetMade } from './make-fleet.ts'
import { startPart, type Part } from './part.ts'
import { storm, type Contestant, type Stormed } from './rivals.ts'
import { cpuMsOf } from './process-use.ts'
import type { SessionsAsking } from './sessions-asking.ts'
import type { Watcher } from './watcher.ts'

export interface Agents {
  readonly pids: readonly number[]
  connect(): Promise<void>
  /** Until all have said who they are since the last look. */
  untilConnected(): Promise<void>
  dialled(): Promise<readonly Dialled[]>
  begun(): Promise<readonly number[]>
  end(): Promise<void>
}

export async function startAgents(
  { identityFiles, hosts }: FleetMade,
  wanted: { readonly url: string; readonly answers: RecordedAnswers; readonly approvers: string },
): Promise<Agents> {
  const parts: readonly Part<AgentsProcess>[] = await Promise.all(
    identityFiles.map((identityFile) => startPart<AgentsProcess>('./agents-process.ts', { ...wanted, identityFile })),
  )
  const connected = async (): Promise<number> =>
    (await Promise.all(parts.map((part) => part.ask('connected')))).reduce((sum, each) => sum + each, 0)
  return {
    pids: parts.map(({ pid }) => pid),
    connect: async () => void (await Promise.all(parts.map((part) => part.ask('connect')))),
    async untilConnected() {
      while ((await connected()) < hosts.length) await sleep(50)
    },
    dialled: () => Promise.all(parts.map((part) => part.ask('dialled'))),
    begun: async () => (await Promise.all(parts.map((part) => part.ask('begun')))).flat(),
    end: async () => void (await Promise.all(parts.map((part) => part.end()))),
  }
}

/** All hosts, as the controller's own list has them. */
export async function untilHere(watcher: Watcher, hosts: number): Promise<void> {
  for (;;) {
    const listed = await watcher.askLong((api) => api.hosts.listInParts.subscribe({}))
    if (listed.filter(({ connected }) => connected).length === hosts) return
    await sleep(100)
  }
}

export interface Attempts {
  readonly failed: number
  readonly says: ReadonlyMap<string, number>
}

export function attemptsIn(dialled: readonly Dialled[]): Attempts {
  const bug = dialled.flatMap(({ bugs }) => bugs)[0]
  if (bug !== undefined) throw new Error(bug)
  const says = new Map<string, number>()
  for (const each of dialled)
    for (const [words, times] of Object.entries(each.says)) says.set(words, (says.get(words) ?? 0) + times)
  return { failed: dialled.reduce((sum, { failed }) => sum + failed, 0), says }
}

export interface Reconnected {
  /** From SIGKILL on. */
  readonly wallMs: number
  /** Of it, until the controller answered again. */
  readonly startMs: number
  readonly cpuMs: number
  readonly attempts: Attempts
}

/** Killed in the middle of everything, and started again at once. */
export async function restart(
  controller: Controller,
  agents: Agents,
  hosts: number,
): Promise<{ readonly watcher: Watcher; readonly reconnected: Reconnected }> {
  await agents.dialled()
  const startedMs = performance.now()
  await controller.kill()
  const watcher = await controller.start()
  const startMs = performance.now() - startedMs
  await agents.untilConnected()
  await untilHere(watcher, hosts)
  const wallMs = performance.now() - startedMs
  const attempts = attemptsIn(await agents.dialled())
  return { watcher, reconnected: { wallMs, startMs, cpuMs: cpuMsOf(controller.pid()), attempts } }
}

export interface WholeStormed extends Stormed {
  readonly attempts: Attempts
}

export async function stormController(
  controller: Controller,
  watcher: Watcher,
  agents: Agents,
  fleet: FleetMade,
  settle: () => Promise<unknown>,
): Promise<WholeStormed> {
  const stormed = await storm([controller.pid()], fleet, settle, async () => {
    await agents.connect()
    await agents.untilConnected()
    await untilHere(watcher, fleet.hosts.length)
  })
  return { ...stormed, attempts: attemptsIn(await agents.dialled()) }
}

/** The same store and certificates in another process, with agents of its own. */
export async function meetSessions(
  dataFolder: string,
  fleet: FleetMade,
  wanted: { readonly answers: RecordedAnswers; readonly approvers: string },
): Promise<Contestant> {
  const asking = await startPart<SessionsAsking>('./sessions-asking.ts', { dataFolder })
  const url = `wss://127.0.0.1:${await asking.ask('port')}`
  const agents = await startAgents(fleet, { ...wanted, url })
  await agents.connect()
  while ((await asking.ask('connected')) < fleet.hosts.length) await sleep(100)
  return {
    name: 'Fleetmend, sessions',
    pids: [asking.pid],
    allPids: [asking.pid, ...agents.pids],
    fanOut: (asked) => asking.ask('fanOut', asked),
    async end() {
      await Promise.all([asking.end(), agents.end()])
    },
  }
}

/** Before anybody has it open. */
export function copyOfData(folder: string, dataFolder: string): string {
  const copy = join(folder, 'data-of-sessions')
  cpSync(dataFolder, copy, { recursive: true })
  return copy
}
