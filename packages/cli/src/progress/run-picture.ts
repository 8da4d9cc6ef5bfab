/**
 * A run in numbers, kept up with its news: hosts by state, over all and for each change; who is at work, and for whom somebody
 * should look. Each piece of news costs what it changes, however many hosts there are.
 */
import {
  standings,
  type Run,
  type RunHostNews,
  type RunHostState,
  type RunNews,
  type RunState,
} from '@fleetmend/shared'

export type Counts = ReadonlyMap<RunHostState, number>

export interface HostNow {
  readonly id: string
  state: RunHostState
  group: string | null
  wave: number
  /** When it came into this state. */
  sinceMs: number
  /** The last that it said; what became of it where that is not good. */
  says: string
}

export interface ChangeNow {
  readonly key: string
  /** What is done. */
  title: string
  readonly counts: Map<RunHostState, number>
  /** The last that began; 0 is the canary, -1 none. */
  wave: number
}

export interface Traffic {
  /** Hosts of which it is known. */
  readonly hosts: number
  /** Shares of answers that are 5xx; null: nobody knows. */
  readonly before: number | null
  readonly now: number | null
}

export interface RunPicture {
  tell(news: RunNews): void
  readonly state: RunState
  readonly beganMs: number
  readonly counts: Counts
  readonly changes: ReadonlyMap<string, ChangeNow>
  readonly hosts: ReadonlyMap<string, HostNow>
  /** Longest first. */
  readonly atWork: ReadonlyMap<string, HostNow>
  /** The latest last. */
  readonly amiss: ReadonlyMap<string, HostNow>
  readonly waitsFor: readonly string[]
  readonly traffic: Traffic
}

/** `run`: as it is when the telling begins, from wherever in its story. */
export function runPicture(run: Run): RunPicture {
  const hosts = new Map<string, HostNow>()
  const counts = new Map<RunHostState, number>()
  const changes = new Map<string, ChangeNow>()
  const atWork = new Map<string, HostNow>()
  const amiss = new Map<string, HostNow>()
  const traffic = { hosts: 0, requests: 0, errors: 0, knownBefore: 0, errorsBefore: 0 }
  let { state } = run
  let beganMs = Date.parse(run.startedAt)
  let waitsFor: readonly string[] = []

  for (const { key, remediations } of run.groups) {
    const title = [...new Set(remediations.map(({ id }) => id))].join(', ')
    changes.set(key, { key, title, counts: new Map(), wave: -1 })
  }
  for (const host of run.hosts) move(host, beganMs)

  function move({ id, state: to, group, wave }: Omit<RunHostNews, 'traffic'>, atMs: number): void {
    const known = hosts.get(id)
    const host = known ?? { id, state: to, group, wave: -1, sinceMs: atMs, says: '' }
    if (known) {
      add(counts, known.state, -1)
      add(changeOf(known.group)?.counts, known.state, -1)
      if (known.state !== to) Object.assign(host, { sinceMs: atMs, says: '' })
    } else hosts.set(id, host)
    Object.assign(host, { state: to, group, wave: wave ?? host.wave })
    add(counts, to, 1)
    const change = changeOf(group)
    add(change?.counts, to, 1)
    if (change && standings[to] !== 'waiting' && standings[to] !== 'ahead')
      change.wave = Math.max(change.wave, host.wave)
    keep(atWork, host, standings[to] === 'in-flight')
    keep(amiss, host, isAmiss(to))
  }

  function changeOf(key: string | null): ChangeNow | undefined {
    if (key === null) return undefined
    const known = changes.get(key)
    if (known) return known
    const found = { key, title: '', counts: new Map(), wave: -1 }
    changes.set(key, found)
    return found
  }

  function count({ requests, serverErrors, serverErrorShareBefore }: NonNullable<RunHostNews['traffic']>): void {
    traffic.hosts++
    traffic.requests += requests
    traffic.errors += serverErrors
    if (serverErrorShareBefore === null) return
    traffic.knownBefore += requests
    traffic.errorsBefore += requests * serverErrorShareBefore
  }

  return {
    tell(news) {
      if (news.news === 'progress') {
        const host = hosts.get(news.host)
        if (host && news.entry.says !== '') host.says = news.entry.says
        return
      }
      const atMs = Date.parse(news.event.at)
      if (news.event.type === 'apply-started') beganMs = atMs
      ;({ state, waitsFor } = { state: news.state, waitsFor: news.waitsFor })
      for (const host of news.hosts) {
        move(host, atMs)
        if (host.traffic) count(host.traffic)
      }
      const about = news.event.host === null ? undefined : amiss.get(news.event.host)
      if (about) about.says = news.event.says
    },
    get state() {
      return state
    },
    get beganMs() {
      return beganMs
    },
    get waitsFor() {
      return waitsFor
    },
    get traffic() {
      return {
        hosts: traffic.hosts,
        before: traffic.knownBefore === 0 ? null : traffic.errorsBefore / traffic.knownBefore,
        now: traffic.requests === 0 ? null : traffic.errors / traffic.requests,
      }
    },
    ...{ counts, changes, hosts, atWork, amiss },
  }
}

/** Somebody should look, now or later. What has nothing to do or was left alone is none of these. */
function isAmiss(state: RunHostState): boolean {
  const standing = standings[state]
  return (
    standing === 'failed' || standing === 'away' || state === 'lost' || state === 'stale' || state === 'plan-refused'
  )
}

function keep(among: Map<string, HostNow>, host: HostNow, isOne: boolean): void {
  if (!isOne) among.delete(host.id)
  else if (!among.has(host.id)) among.set(host.id, host)
}

function add(counts: Map<RunHostState, number> | undefined, state: RunHostState, by: number): void {
  if (!counts) return
  const sum = (counts.get(state) ?? 0) + by
  if (sum === 0) counts.delete(state)
  else counts.set(state, sum)
}
