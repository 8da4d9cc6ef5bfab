/**
 * Positive evidence that a master has read its configuration anew and serves again. `systemctl reload` answers 0 even
 * when the reload kills the service, so nothing but signs of life counts (reference B.4).
 */
import type { Host, ProcessFacts, ProcessIdentity, ReadHost } from '../host/host.ts'
import { forPeople, textOf } from '../readings/bytes.ts'
import type { FpmConfig } from '../readings/fpm-config.ts'
import { readFpmLog, readFpmMessage } from '../readings/fpm-log.ts'
import { readJournal } from '../readings/journal.ts'
import { readFpmTitle } from '../readings/proc.ts'
import { redactProse } from '../redaction/redact-prose.ts'
import { answersEverywhere, isOnDemand } from './ask-pools.ts'
import { isSame, stillLiving } from './same-process.ts'
import { readUnit } from './unit-state.ts'

/** What there was just before: anything beyond it is new. */
export interface BeforeReload {
  readonly atMs: number
  readonly master: ProcessIdentity
  readonly workers: readonly ProcessIdentity[]
  readonly log: { readonly path: string; readonly offset: number } | null
}

export async function markBeforeReload(
  host: ReadHost,
  master: ProcessIdentity,
  config: FpmConfig,
): Promise<BeforeReload> {
  return {
    atMs: host.nowMs(),
    master: { pid: master.pid, startTicks: master.startTicks },
    workers: (await workersOf(host, master)).map(({ pid, startTicks }) => ({ pid, startTicks })),
    log: await logEnd(host, master, config),
  }
}

export type Evidence = { readonly ok: true; readonly says: string } | { readonly ok: false; readonly says: string }

/** Waits until the evidence is complete, the master is dead, or time is up. */
export async function awaitReloaded(
  host: Host,
  service: string,
  before: BeforeReload,
  config: FpmConfig,
  prefix: string,
): Promise<Evidence> {
  const { master } = before
  const keepsWorkers = config.pools.some((pool) => !isOnDemand(pool))
  for (const endsAtMs = host.nowMs() + evidenceLimitMs; ; await host.sleep(pollMs)) {
    const now = stillLiving(await host.process(master.pid), master)
    if (now === null) return { ok: false, says: await deathSays(host, service, before) }
    // Whoever was to wake it may have died; waking it twice does no harm.
    if (now.state === 'T') await host.signal(master, 'SIGCONT')
    const workers = await workersOf(host, master)
    const fresh = workers.filter((worker) => !before.workers.some((old) => isSame(old, worker)))
    const oldOnes = workers.length - fresh.length
    if (
      oldOnes === 0 &&
      (fresh.length > 0 || !keepsWorkers) &&
      (await serves(host, service, before, config, prefix, fresh.length > 0))
    ) {
      return {
        ok: true,
        says: `The master ${master.pid} read its configuration anew and is ready; ${fresh.length} new workers.`,
      }
    }
    if (host.nowMs() >= endsAtMs) {
      return {
        ok: false,
        says: `The master ${master.pid} lives, but within ${evidenceLimitMs / 1000} s nothing showed that it serves again: ${fresh.length} new workers, ${oldOnes} old ones.`,
      }
    }
  }
}

/** For a reload that was cut off: whether its effect is there. Unsure is no; a second reload does no harm. */
export async function wasReloadedSince(host: ReadHost, before: BeforeReload, service: string): Promise<boolean> {
  const master = await host.process(before.master.pid)
  if (!master.ok || !isSame(master.value, before.master)) return false
  const workers = await workersOf(host, before.master)
  if (workers.some((worker) => before.workers.some((old) => isSame(old, worker)))) return false
  return (await saidReadyInLog(host, before)) || saidReadyInJournal(host, service, before)
}

/** Starting PHP with a large preload script takes its time. */
const evidenceLimitMs = 30_000
const pollMs = 20

/** Its own word where it gives it; where the log level hides that, a worker it forked, or an answer over the socket. */
async function serves(
  host: Host,
  service: string,
  before: BeforeReload,
  config: FpmConfig,
  prefix: string,
  hasWorkers: boolean,
): Promise<boolean> {
  if (await saidReadyInLog(host, before)) return true
  const level = config.global.get('log_level')?.value.toLowerCase() ?? 'notice'
  const speaks = ['', 'notice', 'debug'].includes(level) && before.log !== null
  if (!speaks && hasWorkers) return true
  if (await saidReadyInJournal(host, service, before)) return true
  return !speaks && !hasWorkers && answersEverywhere(host, config.pools, prefix)
}

async function saidReadyInLog(host: ReadHost, { log }: BeforeReload): Promise<boolean> {
  if (log === null) return false
  const appended = await host.readFrom(log.path, log.offset, logLimitBytes)
  return appended.ok && readFpmLog(textOf(appended.value)).some((entry) => entry.event === 'ready')
}

const logLimitBytes = 256 * 1024

async function saidReadyInJournal(host: ReadHost, service: string, { atMs, master }: BeforeReload): Promise<boolean> {
  const output = await host.ask({ tool: 'unit-journal', service, lines: 100, sinceMs: atMs })
  if (!output.ok) return false
  return readJournal(output.value.stdout).entries.some(
    (entry) => entry.atMs >= atMs && entry.pid === master.pid && saysReady(entry.message),
  )
}

/** FPM's lines reach the journal with the prefix they have in its log. */
function saysReady(message: string): boolean {
  return readFpmMessage(message).event === 'ready' || readFpmLog(message).some((entry) => entry.event === 'ready')
}

async function deathSays(host: ReadHost, service: string, before: BeforeReload): Promise<string> {
  const unit = await readUnit(host, service)
  const state = unit.ok
    ? `${service} is ${unit.value.activeState} (result ${unit.value.result}, exit status ${unit.value.execMainStatus})`
    : `${service} cannot be asked about (${unit.says})`
  const output = await host.ask({ tool: 'unit-journal', service, lines: 20, sinceMs: before.atMs })
  const errors = output.ok
    ? readJournal(output.value.stdout)
        .entries.map((entry) => redactProse(forPeople(entry.message)))
        .filter((each) => /\b(ERROR|ALERT)\b/.test(each))
    : []
  return `The master ${before.master.pid} died on reading its configuration; ${state}. ${errors.slice(0, 3).join(' · ')}`.trimEnd()
}

async function workersOf(host: ReadHost, master: ProcessIdentity): Promise<readonly ProcessFacts[]> {
  const processes = await host.processes()
  if (!processes.ok) return []
  return processes.value.filter(
    (each) => each.parentPid === master.pid && each.state !== 'Z' && readFpmTitle(each.title)?.is === 'pool',
  )
}

/** The log that the running master has open, and how long it is; null when it writes to no file. */
async function logEnd(host: ReadHost, master: ProcessIdentity, config: FpmConfig): Promise<BeforeReload['log']> {
  const open = await host.readLink(`/proc/${master.pid}/fd/2`)
  const named = config.global.get('error_log')?.value ?? ''
  for (const path of [open.ok ? open.value : '', named]) {
    if (!path.startsWith('/') || path.startsWith('/dev/') || path.startsWith('/proc/')) continue
    const stat = await host.stat(path)
    if (stat.ok && stat.value.kind === 'file') return { path, offset: stat.value.sizeBytes }
  }
  return null
}
