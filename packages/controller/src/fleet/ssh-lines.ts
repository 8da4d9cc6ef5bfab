/**
 * Keeps a line to every host that is reached over SSH, as agents that dial out keep theirs. Who is such a host is read from
 * the store before each attempt: one that was removed, or dials out by now, is not gone to again.
 */
import {
  backOffMs,
  inTurn,
  problemKinds,
  safeLine,
  type HostId,
  type HostRecord,
  type Problem,
  type SshWay,
  type Timers,
} from '@fleetmend/shared'
import { getHost, listHosts } from '../store/hosts.ts'
import { writePrivateFile } from '../store/private-folder.ts'
import type { Database } from '../store/tables.ts'
import { attend, type Attending } from './attend.ts'
import type { SshAccess } from './ssh-access.ts'
import { knownHostsText, said, sshTarget } from './ssh-places.ts'
import { openSshSession } from './ssh-session.ts'
import type { Session } from './session.ts'

export interface SshLines {
  /** From now on; where it is kept already, anew. Resolves after the first attempt, with what went wrong. */
  keep(host: HostId): Promise<Problem | null>
  close(): Promise<void>
}

export interface SshLinesParts extends Attending {
  readonly database: Database
  readonly access: SshAccess
  readonly timers: Timers
  /** In [0, 1). */
  readonly random: () => number
  /** It shows another key than the one that is pinned, and was told nothing. */
  readonly otherHostKey: (host: HostId, told: Problem) => Promise<void>
}

/** Connecting costs either side some ten milliseconds of computing; a fleet that is gone to at once waits for itself. */
const openingAtOnce = 64
const startSpreadMs = { each: 20, most: 30_000 }

/** A host that is away may be back at any moment. */
const away = { firstMs: 500, longestMs: 60_000 }
/**
 * What a person has to mend. sshd holds each login that failed against this address, for up to ten minutes
 * (PerSourcePenalties in sshd_config(5): 5 s each, from 15 s on nobody from here gets in): slower than they run out.
 */
const refused = { firstMs: 30_000, longestMs: 10 * 60_000 }
/** A line that broke sooner than this did not work. */
const worksAfterMs = 30_000

export async function keepSshLines(parts: SshLinesParts): Promise<SshLines> {
  const { database, sessions, clock, random, access } = parts
  const closing = new AbortController()
  const kept = new Map<HostId, { readonly stop: () => void; readonly done: Promise<void> }>()
  const turns = takeTurns(openingAtOnce)

  const rewriting = inTurn()
  const rewrite = () =>
    rewriting(async () => {
      const hosts = (await listHosts(database)).filter(isReached)
      const text = hosts.map(({ id, ssh }) => knownHostsText(id, ssh)).join('')
      await writePrivateFile(access.knownHostsFile, text)
      return hosts
    })

  function begin(host: HostId, inMs: number): Promise<Problem | null> {
    kept.get(host)?.stop()
    const stopped = new AbortController()
    const signal = AbortSignal.any([closing.signal, stopped.signal])
    const first = Promise.withResolvers<Problem | null>()
    const done = keepTrying(host, inMs, signal, first.resolve).finally(() => {
      first.resolve(null)
      if (kept.get(host)?.done !== done) return
      kept.delete(host)
      sessions.cannotReach(host, null)
    })
    kept.set(host, { stop: () => stopped.abort(), done })
    return first.promise
  }

  /** A bug on one attempt, or a full disk, must not lose the host for good. */
  async function keepTrying(...[host, inMs, signal, tried]: Parameters<typeof keepLine>): Promise<void> {
    for (let waitMs = inMs; !signal.aborted; waitMs = refused.firstMs) {
      try {
        return await keepLine(host, waitMs, signal, tried)
      } catch (error) {
        const says = error instanceof Error ? (error.stack ?? error.message) : String(error)
        parts.log(safeLine(`a bug on the way to ${host}: ${says}`))
      }
    }
  }

  async function keepLine(host: HostId, inMs: number, signal: AbortSignal, tried: (why: Problem | null) => void) {
    let failures = 0
    await clock.sleep(inMs, signal)
    while (!signal.aborted) {
      const record = await getHost(database, host)
      if (record === null || !isReached(record)) return void (await rewrite())
      const leave = await turns(signal)
      const opened = await open(record, signal).finally(leave)
      if (opened === null || signal.aborted) continue
      if (!opened.ok) {
        await tell(record, opened.problem)
        tried(opened.problem)
        await clock.sleep(backOffMs(isAway(opened.problem) ? away : refused, ++failures, random()), signal)
        continue
      }
      const sinceMs = clock.nowMs()
      await attend(parts, opened.value, () => {
        tried(null)
        return opened.enters()
      })
      failures = clock.nowMs() - sinceMs >= worksAfterMs ? 0 : failures + 1
      await clock.sleep(backOffMs(away, failures + 1, random()), signal)
    }
  }

  /** Null: it is no such host any more, or was given another key meanwhile. */
  async function open({ id, ssh }: Reached, signal: AbortSignal): Promise<Opened | null> {
    const key = await access.key()
    if (!key.ok) return key
    // Until it is let in, whoever cuts the host cuts this as well.
    const cut = new AbortController()
    const either = AbortSignal.any([signal, cut.signal])
    const target = sshTarget(id, ssh, { keyFile: key.value.file, knownHostsFile: access.knownHostsFile })
    const forget = sessions.arriving(id, () => cut.abort())
    const opened = await openSshSession(id, target, parts, either)
    if (!opened.ok) {
      forget()
      return either.aborted ? null : opened
    }
    const session = opened.value
    const hangUp = (): void => session.close()
    either.addEventListener('abort', hangUp, { once: true })
    void session.ended.then(() => either.removeEventListener('abort', hangUp))
    const enters = (): boolean => {
      forget()
      return !either.aborted
    }
    const now = await getHost(database, id)
    if (!either.aborted && now?.ssh?.hostKey === ssh.hostKey) return { ok: true, value: session, enters }
    forget()
    session.close()
    return null
  }

  /** Said once for each kind of trouble: it is tried again many times. */
  async function tell({ id, ssh }: Reached, told: Problem): Promise<void> {
    const before = sessions.whyAway(id)
    const what = told.code === 'ssh-host-changed' ? { ...told, detail: otherKey(id, ssh) } : told
    sessions.cannotReach(id, what)
    if (before?.code === what.code) return
    parts.log(safeLine(`${id} cannot be reached as ${said(ssh)} (${what.code}): ${what.detail}`))
    if (what.code === 'ssh-host-changed' || what.code === 'ssh-host-revoked') await parts.otherHostKey(id, what)
  }

  const hosts = await rewriteIfAny()
  const spreadMs = Math.min(startSpreadMs.most, hosts.length * startSpreadMs.each)
  for (const { id } of hosts) void begin(id, random() * spreadMs)

  /** A controller that reaches no host over SSH has no such file. */
  async function rewriteIfAny(): Promise<readonly Reached[]> {
    const any = (await listHosts(database)).some(isReached)
    return any ? rewrite() : []
  }

  return {
    async keep(host) {
      await rewrite()
      return begin(host, 0)
    },
    async close() {
      closing.abort()
      await Promise.all([...kept.values()].map(({ done }) => done))
    },
  }
}

type Opened =
  /** `enters`: to be asked when it is to count as connected; from then on it is cut like any other. */
  | { readonly ok: true; readonly value: Session; readonly enters: () => boolean }
  | { readonly ok: false; readonly problem: Problem }

type Reached = HostRecord & { readonly ssh: SshWay }

function isReached(host: HostRecord): host is Reached {
  return host.ssh !== null
}

function isAway({ code }: Problem): boolean {
  return problemKinds[code].retry === 'later'
}

function otherKey(host: HostId, way: SshWay): string {
  return `At ${said(way)} somebody shows another host key than the one of ${host}. Either it was installed anew, or somebody is in between; nothing was said. Ask whoever runs it. Only if it was installed anew:\n    fleetmend hosts remove ${host}\n    fleetmend hosts add ${host} --ssh ${said(way)}`
}

/** So many at once; who has left before its turn takes none from the others. */
function takeTurns(most: number): (signal: AbortSignal) => Promise<() => void> {
  let free = most
  const waiting = new Set<() => void>()
  return async (signal) => {
    if (free === 0 && !signal.aborted)
      await new Promise<void>((resolve) => {
        const go = (): void => {
          waiting.delete(go)
          resolve()
        }
        waiting.add(go)
        signal.addEventListener('abort', go, { once: true })
      })
    if (signal.aborted) return () => undefined
    free--
    return () => {
      free++
      for (const go of waiting) return go()
    }
  }
}
