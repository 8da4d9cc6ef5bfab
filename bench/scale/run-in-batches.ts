/** A run over all hosts, as a person has it: planned, signed with their key, carried out in batches, and followed live. */
import { hasEnded, manifestDigest, type Run } from '@fleetmend/shared'
import { sign } from '../../test/scenarios/begin-run.ts'
import { percentile } from './figures.ts'
import { cpuMsOf } from './process-use.ts'
import type { Watcher } from './watcher.ts'

export interface RunPhase {
  readonly name: string
  readonly wallMs: number
  /** Of the controller. */
  readonly cpuMs: number
  readonly news: number
  readonly bytes: number
  /** From the moment that stands in an event until the watcher had drawn it in. */
  readonly lateP50Ms: number
  readonly lateP99Ms: number
}

export interface RunDone {
  readonly phases: readonly RunPhase[]
  /** State of a host to how many hosts ended so. */
  readonly outcomes: Readonly<Record<string, number>>
  /** Of outcomes that the watcher was told, with more than one for a host or none. */
  readonly toldNotOnce: number
  readonly state: string
}

export interface RunWanted {
  readonly watcher: Watcher
  readonly controllerPid: number
  readonly key: string
  readonly hosts: number
}

export async function runInBatches({ watcher, controllerPid, key, hosts }: RunWanted): Promise<RunDone> {
  const phases: RunPhase[] = []
  const told = new Map<string, number>()

  const phase = async (name: string, work: (heard: (at: string) => void) => Promise<unknown>): Promise<void> => {
    const lateMs: number[] = []
    const before = { ms: performance.now(), cpuMs: cpuMsOf(controllerPid), bytes: watcher.receivedBytes() }
    await work((at) => lateMs.push(Date.now() - Date.parse(at)))
    phases.push({
      name,
      wallMs: performance.now() - before.ms,
      cpuMs: cpuMsOf(controllerPid) - before.cpuMs,
      bytes: watcher.receivedBytes() - before.bytes,
      news: lateMs.length,
      lateP50Ms: percentile(lateMs, 0.5),
      lateP99Ms: percentile(lateMs, 0.99),
    })
  }

  const planned: Run[] = []
  await phase('plan', async (heard) => {
    const started = await watcher.ask((api) =>
      api.runs.start.mutate({
        ...{ target: {}, by: 'ana', reason: 'web hosts answer 502', asked: { want: 'for-findings', watchMs: 0 } },
        waves: { canaryHosts: 1, batchHosts: Math.max(10, Math.floor(hosts / 20)) },
        limits: { stopAtFailures: 1, groupsAtOnce: 1, approvalsNeeded: 1 },
      }),
    )
    await watcher.follow(started, (news) => {
      if (news.news === 'event') heard(news.event.at)
      return news.news === 'event' && news.state !== 'planning'
    })
    planned.push(started)
  })
  const id = planned[0]?.id ?? ''
  await phase('approve', async () => {
    const shown = await watcher.askLong((api) => api.runs.showInParts.subscribe({ run: id }))
    const { manifest } = shown.run
    if (!manifest) throw new Error(`${id} has no manifest: it is ${shown.run.state}.`)
    const signature = sign(shown.run, key)
    await watcher.ask((api) => api.runs.approve.mutate({ run: id, digest: manifestDigest(manifest), signature }))
  })
  await phase('apply', async (heard) => {
    const { run: approved } = await watcher.askLong((api) => api.runs.showInParts.subscribe({ run: id }))
    await watcher.follow(
      approved,
      (news) => {
        if (news.news !== 'event') return false
        const { event } = news
        if (event.type === 'host-applied' && event.host) told.set(event.host, (told.get(event.host) ?? 0) + 1)
        heard(event.at)
        return hasEnded(news.state)
      },
      () => watcher.ask((api) => api.runs.begin.mutate({ run: id, by: 'ana' })),
    )
  })
  const { run: ended } = await watcher.askLong((api) => api.runs.showInParts.subscribe({ run: id }))
  const outcomes: Record<string, number> = {}
  for (const { state } of ended.hosts) outcomes[state] = (outcomes[state] ?? 0) + 1
  const toldNotOnce = ended.hosts.filter((host) => told.get(host.id) !== 1).length
  return { phases, outcomes, toldNotOnce, state: ended.state }
}
