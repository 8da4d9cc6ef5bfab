/** What Fleetmend is held against, with the same certificates, payloads and number of processes: raw `ws`, and NATS. */
import { execFileSync } from 'node:child_process'
import type { AskAll } from './ask-all.ts'
import type { Asked } from './figures.ts'
import type { FleetMade } from './make-fleet.ts'
import { startNatsServer } from './nats-server.ts'
import type { NatsAsking } from './nats-asking.ts'
import { startPart, type Part } from './part.ts'
import { cpuMsOf, memoryOf } from './process-use.ts'
import type { RawAnswering } from './raw-ws-answering.ts'
import type { RawAsking } from './raw-ws-asking.ts'

/** Whoever can ask all hosts, over connections that are open. */
export interface Contestant {
  readonly name: string
  /** Whoever has the connections, and in between; not those who answer. */
  readonly pids: readonly number[]
  readonly allPids: readonly number[]
  readonly fanOut: (asked: AskAll & { readonly what: string }) => Promise<Asked>
  end(): Promise<void>
}

export interface Stormed {
  readonly wallMs: number
  /** Of whoever was connected to. */
  readonly cpuMs: number
  /** What a connection took, once it was quiet again. */
  readonly rssKiB: number
  readonly privateKiB: number
}

export interface Met {
  readonly contestant: Contestant
  readonly stormed: Stormed
}

export interface RivalWanted {
  readonly fleet: FleetMade
  readonly folder: string
  readonly payloads: Readonly<Record<string, string>>
  readonly settle: () => Promise<unknown>
}

export async function meetRawWs({ fleet, payloads, settle }: RivalWanted): Promise<Met> {
  const { authority, server } = fleet
  const asking = await startPart<RawAsking>('./raw-ws-asking.ts', { ...server, authority })
  const url = `wss://127.0.0.1:${await asking.ask('port')}`
  const answering = await answeringAt('./raw-ws-answering.ts', url, { fleet, payloads })
  const stormed = await storm([asking.pid], fleet, settle, () =>
    Promise.all(answering.map((each) => each.ask('connect'))),
  )
  return { contestant: contestant('raw ws', asking, [asking.pid], [asking, ...answering]), stormed }
}

export async function meetNats({ fleet, folder, payloads, settle }: RivalWanted): Promise<Met> {
  const { authority, client } = fleet
  const broker = await startNatsServer(folder, fleet)
  const reached = { url: broker.url, authority, certificate: client.certificate, key: client.key }
  const asking = await startPart<NatsAsking>('./nats-asking.ts', reached)
  const answering = await answeringAt('./nats-answering.ts', broker.url, { fleet, payloads })
  const pids = [broker.pid, asking.pid]
  const stormed = await storm(pids, fleet, settle, () => Promise.all(answering.map((each) => each.ask('connect'))))
  return { contestant: contestant('NATS', asking, pids, [asking, ...answering, broker]), stormed }
}

export function hasNats(): boolean {
  try {
    return execFileSync('nats-server', ['--version'], { encoding: 'utf8' }).startsWith('nats-server')
  } catch {
    return false
  }
}

function answeringAt(
  file: string,
  url: string,
  { fleet, payloads }: Pick<RivalWanted, 'fleet' | 'payloads'>,
): Promise<readonly Part<RawAnswering>[]> {
  return Promise.all(
    fleet.identityFiles.map((identityFile) => startPart<RawAnswering>(file, { identityFile, url, payloads })),
  )
}

/** All connect from nothing. */
export async function storm(
  pids: readonly number[],
  { hosts }: Pick<FleetMade, 'hosts'>,
  settle: () => Promise<unknown>,
  connect: () => Promise<unknown>,
): Promise<Stormed> {
  const cpu = (): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const memory = () => pids.map(memoryOf)
  const empty = memory()
  const before = { ms: performance.now(), cpuMs: cpu() }
  await connect()
  const [wallMs, cpuMs] = [performance.now() - before.ms, cpu() - before.cpuMs]
  await settle()
  const full = memory()
  const grown = (field: 'rssKiB' | 'privateKiB'): number =>
    full.reduce((sum, each, n) => sum + each[field] - (empty[n]?.[field] ?? 0), 0) / hosts.length
  return { wallMs, cpuMs, rssKiB: grown('rssKiB'), privateKiB: grown('privateKiB') }
}

function contestant(
  name: string,
  asking: Part<{ readonly fanOut: Contestant['fanOut'] }>,
  pids: readonly number[],
  all: readonly { readonly pid: number; end(): Promise<void> }[],
): Contestant {
  return {
    name,
    pids,
    allPids: all.map(({ pid }) => pid),
    fanOut: (asked) => asking.ask('fanOut', asked),
    end: async () => void (await Promise.all(all.map((each) => each.end()))),
  }
}
