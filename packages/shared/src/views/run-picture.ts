/**
 * A run in numbers, kept up with its news: hosts by state, over all and for each change; who is at work, and for whom somebody
 * should look. Each piece of news costs what it changes, however many hosts there are. Kept where a run is driven and where it
 * is looked at: the one hands the other what there is to be seen, and from then on both are told the same.
 */
import { standings } from '../model/host-standing.ts'
import type { Digest, HostId } from '../model/ids.ts'
import type { HostNow, RunNow } from '../model/run-now.ts'
import type { RunHostState, RunState } from '../model/run-states.ts'
import type { Run, RunHostNews, RunNews } from '../model/run.ts'

export type Counts = ReadonlyMap<RunHostState, number>

/** While a run has no more hosts than these, each of them is seen by itself. */
export const fewHosts = 12

/** Of what the engine decided on its own. */
const notesShown = 5

export interface ChangeNow {
  readonly key: Digest
  /** What is done. */
  title: string
  hosts: number
  /** By name. */
  firstHost: HostId
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
  /** How many there are. */
  readonly size: number
  readonly counts: Counts
  /** In the order in which they are worked on. */
  readonly changes: readonly ChangeNow[]
  /** All of few; of many those that somebody may want to see. */
  readonly hosts: ReadonlyMap<HostId, HostNow>
  /** Longest first. */
  readonly atWork: ReadonlyMap<HostId, HostNow>
  /** The latest last. */
  readonly amiss: ReadonlyMap<HostId, HostNow>
  readonly waitsFor: readonly string[]
  readonly traffic: Traffic
  /** What somebody has to know who joins now. */
  now(notes: Run['notes']): RunNow
}

type Told = Extract<RunNews, { news: 'event' }>

export function runPicture(first: RunNow): RunPicture {
  const hosts = new Map<HostId, HostNow>()
  const counts = new Map<RunHostState, number>()
  const changes = new Map<Digest, ChangeNow>()
  const atWork = new Map<HostId, HostNow>()
  const amiss = new Map<HostId, HostNow>()
  let { state, beganAt, waitsFor, traffic } = first
  let inOrder: readonly ChangeNow[] | null = null

  function begin(now: RunNow): void {
    for (const each of [hosts, counts, changes, atWork, amiss]) each.clear()
    inOrder = null
    ;({ state, beganAt, waitsFor, traffic } = now)
    for (const { state: each, hosts: count } of now.counts) counts.set(each, count)
    for (const change of now.changes)
      changes.set(change.key, {
        ...change,
        counts: new Map(change.counts.map(({ state: each, hosts: count }) => [each, count])),
      })
    for (const host of now.hosts) hosts.set(host.id, { ...host })
    for (const [among, ids] of [[atWork, now.atWork] as const, [amiss, now.amiss] as const])
      for (const id of ids) {
        const host = hosts.get(id)
        if (host) among.set(id, host)
      }
  }

  function move({ id, was, does, ...to }: RunHostNews, { event }: Told): void {
    const known = hosts.get(id)
    // Whoever was not worth a word when somebody joined is one of many whose state is in the news.
    const before = known?.state ?? was
    const host: HostNow = known ?? { id, state: before ?? to.state, group: null, wave: -1, since: event.at, says: '' }
    const groupBefore = known ? known.group : before === 'planning' || before === undefined ? null : to.group
    if (before !== undefined) {
      add(counts, before, -1)
      if (groupBefore !== null) add(changes.get(groupBefore)?.counts, before, -1)
    }
    if (before !== to.state) Object.assign(host, { since: event.at, says: '' })
    Object.assign(host, { state: to.state, group: to.group, wave: to.wave ?? host.wave })
    hosts.set(id, host)
    add(counts, to.state, 1)
    if (to.group !== null) {
      const change = changeOf(to.group, id, groupBefore === null)
      if (does !== undefined) change.title = does
      add(change.counts, to.state, 1)
      const isAhead = standings[to.state] === 'waiting' || standings[to.state] === 'ahead'
      if (!isAhead) change.wave = Math.max(change.wave, host.wave)
    }
    keep(atWork, host, standings[host.state] === 'in-flight')
    keep(amiss, host, isAmiss(host.state))
  }

  function changeOf(key: Digest, host: HostId, isNewIn: boolean): ChangeNow {
    const change = changes.get(key) ?? { key, title: '', hosts: 0, firstHost: host, counts: new Map(), wave: -1 }
    changes.set(key, change)
    if (!isNewIn) return change
    change.hosts++
    if (host < change.firstHost) change.firstHost = host
    inOrder = null
    return change
  }

  begin(first)
  return {
    tell(news) {
      if (news.news === 'now') return begin(news.now)
      if (news.news === 'progress') {
        const host = hosts.get(news.host)
        if (host && news.entry.says !== '') host.says = news.entry.says
        return
      }
      const { event } = news
      if (event.type === 'apply-started') beganAt = event.at
      ;({ state, waitsFor } = news)
      for (const host of news.hosts) {
        move(host, news)
        if (host.traffic) traffic = withTraffic(traffic, host.traffic)
      }
      const about = event.host === null ? undefined : amiss.get(event.host)
      if (about) about.says = event.says
    },
    now: (notes) => ({
      format: 'fleetmend.run-now/1',
      ...{ state, beganAt, waitsFor: [...waitsFor], traffic },
      counts: listed(counts),
      changes: ordered().map((change) => ({ ...change, counts: listed(change.counts) })),
      hosts: [...(sizeOf(counts) <= fewHosts ? hosts : new Map([...atWork, ...amiss])).values()].map((host) => ({
        ...host,
      })),
      ...{ atWork: [...atWork.keys()], amiss: [...amiss.keys()] },
      notes: notes.slice(-notesShown),
    }),
    get state() {
      return state
    },
    get beganMs() {
      return Date.parse(beganAt)
    },
    get size() {
      return sizeOf(counts)
    },
    get changes() {
      return ordered()
    },
    get waitsFor() {
      return waitsFor
    },
    get traffic() {
      const { requests, errors, knownBefore, errorsBefore } = traffic
      return {
        hosts: traffic.hosts,
        before: knownBefore === 0 ? null : errorsBefore / knownBefore,
        now: requests === 0 ? null : errors / requests,
      }
    },
    ...{ counts, hosts, atWork, amiss },
  }

  function ordered(): readonly ChangeNow[] {
    inOrder ??= [...changes.values()].toSorted((a, b) => b.hosts - a.hosts || (a.firstHost < b.firstHost ? -1 : 1))
    return inOrder
  }
}

/** As it is when nobody has told anything of it yet, with all that it says itself. */
export function nowOf(run: Run): RunNow {
  const changes = run.groups.map(({ key, hosts, remediations }) => ({
    ...{ key, hosts: hosts.length, firstHost: hosts[0] ?? '', wave: -1 },
    title: titleOf(remediations),
    counts: new Map<RunHostState, number>(),
  }))
  const byKey = new Map(changes.map((change) => [change.key, change]))
  const counts = new Map<RunHostState, number>()
  for (const { state, group, wave } of run.hosts) {
    add(counts, state, 1)
    const change = group === null ? undefined : byKey.get(group)
    add(change?.counts, state, 1)
    const isAhead = standings[state] === 'waiting' || standings[state] === 'ahead'
    if (change && wave !== undefined && !isAhead) change.wave = Math.max(change.wave, wave)
  }
  return {
    format: 'fleetmend.run-now/1',
    ...{ state: run.state, beganAt: run.startedAt, waitsFor: [], traffic: noTraffic },
    counts: listed(counts),
    changes: changes.map((change) => ({ ...change, counts: listed(change.counts) })),
    hosts: run.hosts.map(({ id, state, group, wave = -1 }) => ({
      ...{ id, state, group, wave },
      ...{ since: run.startedAt, says: '' },
    })),
    atWork: run.hosts.flatMap(({ id, state }) => (standings[state] === 'in-flight' ? [id] : [])),
    amiss: run.hosts.flatMap(({ id, state }) => (isAmiss(state) ? [id] : [])),
    notes: run.notes.slice(-notesShown),
  }
}

/** What a change does, in a word or a few. */
export function titleOf(remediations: Run['groups'][number]['remediations']): string {
  return [...new Set(remediations.map(({ id }) => id))].join(', ')
}

const noTraffic: RunNow['traffic'] = { hosts: 0, requests: 0, errors: 0, knownBefore: 0, errorsBefore: 0 }

function withTraffic(
  all: RunNow['traffic'],
  { requests, serverErrors, serverErrorShareBefore: before }: NonNullable<RunHostNews['traffic']>,
): RunNow['traffic'] {
  return {
    hosts: all.hosts + 1,
    requests: all.requests + requests,
    errors: all.errors + serverErrors,
    knownBefore: all.knownBefore + (before === null ? 0 : requests),
    errorsBefore: all.errorsBefore + (before === null ? 0 : requests * before),
  }
}

/** Somebody should look, now or later. What has nothing to do or was left alone is none of these. */
function isAmiss(state: RunHostState): boolean {
  const standing = standings[state]
  return (
    standing === 'failed' || standing === 'away' || state === 'lost' || state === 'stale' || state === 'plan-refused'
  )
}

function keep(among: Map<HostId, HostNow>, host: HostNow, isOne: boolean): void {
  if (!isOne) among.delete(host.id)
  else if (!among.has(host.id)) among.set(host.id, host)
}

function add(counts: Map<RunHostState, number> | undefined, state: RunHostState, by: number): void {
  if (!counts) return
  const sum = (counts.get(state) ?? 0) + by
  if (sum === 0) counts.delete(state)
  else counts.set(state, sum)
}

function sizeOf(counts: Counts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

function listed(counts: Counts): RunNow['counts'] {
  return [...counts].map(([state, hosts]) => ({ state, hosts }))
}
