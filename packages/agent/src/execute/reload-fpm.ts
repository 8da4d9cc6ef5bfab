/**
 * The reload that loses no request, whatever process_control_timeout says (DESIGN D7): freeze the master, let every
 * worker finish, tell the master to re-read its configuration, wake it. At the deadline it lets go: then nothing was
 * lost and nothing was loaded. No preflight, no reload: a bad configuration kills the master.
 */
import type { Act } from '@fleetmend/shared'
import type { Did, Host, ProcessIdentity } from '../host/host.ts'
import type { FpmPool } from '../readings/fpm-config.ts'
import { readFpmTitle } from '../readings/proc.ts'
import { fpmPrefix } from '../survey/fpm-prefix.ts'
import { askOnDemand } from './ask-pools.ts'
import { checkFpmConfig } from './check-fpm-config.ts'
import { checkNginxConfig } from './check-nginx-config.ts'
import { drainWorkers, type WhileHeld } from './drain-workers.ts'
import { wouldForkFrom } from './idle-on-demand.ts'
import { awaitReloaded, markBeforeReload, type BeforeReload } from './reload-evidence.ts'
import { tellNginx } from './reload-nginx.ts'
import { readRunning } from './unit-state.ts'

export interface FpmReload extends Omit<Extract<Act, { act: 'reload-fpm' }>, 'act'> {
  /** On disk before SIGSTOP, so that whoever comes after a crash knows whom to wake. */
  frozen(before: BeforeReload): Promise<void>
  thawed(master: ProcessIdentity): Promise<void>
}

export type Reloaded =
  | { readonly came: 'did'; readonly says: string }
  /** Nothing was loaded: the service runs on with what it has. */
  | { readonly came: 'let-go'; readonly says: string }
  | { readonly came: 'failed'; readonly says: string }

export async function reloadFpm(host: Host, reload: FpmReload): Promise<Reloaded> {
  const { service, reloadsNginx = false } = reload
  const check = await checkFpmConfig(host, service, new Map())
  if (!check.passed) return letGo(`Not reloaded. ${check.says}`)
  const nginx = reloadsNginx ? await checkNginxConfig(host, new Map()) : null
  if (nginx?.passed === false) return letGo(`Not reloaded. ${nginx.says}`)
  const running = await readRunning(host, service)
  if (!running.ok) return letGo(`Not reloaded: ${running.says}.`)
  const { main, unit } = running.value
  if (readFpmTitle(main.title)?.is !== 'master')
    return letGo(`Not reloaded: the main process ${main.pid} of ${service} is not an FPM master.`)
  if (main.state === 'T') return letGo(`Not reloaded: somebody else has stopped the master ${main.pid}.`)
  const limits = freezeLimits(reload.deadlineMs, unit.watchdogUs)
  if (limits === null)
    return letGo(`Not reloaded: the watchdog of ${service} would kill a master that stands still for any useful time.`)

  const before = await markBeforeReload(host, main, check.config)
  await reload.frozen(before)
  const prefix = fpmPrefix(check.service.binary)
  const drained = await whileFrozen(host, before.master, limits, {
    justBefore: () => askOnDemand(host, check.config, prefix),
    giveUpKept: reloadsNginx ? (limitMs) => giveUpKept(host, limitMs) : null,
  })
  await reload.thawed(before.master)
  if (!drained.ok)
    return letGo(`Let go: ${drained.says}. No request was lost, and ${service} runs on with the configuration it had.`)
  const evidence = await awaitReloaded(host, service, before, check.config, prefix)
  return evidence.ok
    ? {
        came: 'did',
        says: `Reloaded ${service} without losing a request: ${drained.workers} workers finished first${reloadsNginx ? ', and nginx gave up the connections it kept to them' : ''}. ${evidence.says}`,
      }
    : { came: 'failed', says: evidence.says }
}

interface WhileFrozen {
  /** Answers with the pools of which each should have an idle worker now. */
  readonly justBefore: () => Promise<readonly FpmPool[]>
  readonly giveUpKept: ((limitMs: number) => Promise<Did>) | null
}

/** From SIGSTOP to SIGCONT, with a second process that wakes whom we hold if this one dies. */
async function whileFrozen(
  host: Host,
  master: ProcessIdentity,
  limits: FreezeLimits,
  { justBefore, giveUpKept }: WhileFrozen,
): ReturnType<typeof drainWorkers> {
  const guard = await host.guardFrozen(master, limits.guardMs)
  if (!guard.ok) return { ok: false, says: guard.says }
  const endsAtMs = host.nowMs() + limits.drainMs
  for (let triesLeft = idleTries; ; triesLeft -= 1) {
    const asked = await justBefore()
    let wouldFork = false
    const whileHeld: WhileHeld = async (held, limitMs) => {
      wouldFork = triesLeft > 0 && (await wouldForkFrom(host, asked, held))
      if (wouldFork) return { ok: false, says: 'a pool that starts workers on demand has no idle one' }
      return giveUpKept ? giveUpKept(limitMs) : { ok: true }
    }
    const holds = asked.length > 0 || giveUpKept !== null
    const drained = await drainWorkers(host, master, endsAtMs - host.nowMs(), holds ? whileHeld : null)
    if (wouldFork) {
      await host.signal(master, 'SIGCONT')
      continue
    }
    // The signal waits for the frozen master; all its workers are gone by the time it wakes.
    const told = drained.ok ? await host.signal(master, 'SIGUSR2') : drained
    await guard.value.release()
    return told.ok ? drained : { ok: false, says: told.says }
  }
}

/** A pool that is busy at every one of these moments has in all likelihood no worker left to start. */
const idleTries = 20

async function giveUpKept(host: Host, limitMs: number): Promise<Did> {
  const told = await tellNginx(host, limitMs)
  return told.came === 'did' ? { ok: true } : { ok: false, says: told.says.replace(/\.$/, '') }
}

interface FreezeLimits {
  readonly drainMs: number
  /** Later than the drain's own deadline, and still before the watchdog. */
  readonly guardMs: number
}

/**
 * FPM answers systemd's watchdog every half of `WatchdogSec`, so a frozen one has between half and all of it left. Null
 * when that is too short to drain anything.
 */
export function freezeLimits(deadlineMs: number, watchdogUs: number | null): FreezeLimits | null {
  if (watchdogUs === null || watchdogUs === 0) return { drainMs: deadlineMs, guardMs: deadlineMs + guardSlackMs }
  const halfMs = watchdogUs / 2000
  const drainMs = Math.min(deadlineMs, halfMs * 0.75)
  return drainMs < leastDrainMs ? null : { drainMs, guardMs: Math.min(drainMs + guardSlackMs, halfMs * 0.9) }
}

const guardSlackMs = 2000
const leastDrainMs = 200

function letGo(says: string): Reloaded {
  return { came: 'let-go', says }
}
