/**
 * Stops and starts a service by systemd, for what no reload does. systemd tells every process of PHP-FPM to end at once
 * (KillSignal=SIGTERM), which cuts scripts off in the middle; so its workers may finish first, by the way of the lossless
 * reload (`drain-workers.ts`). What then waits in a queue is answered 502 when the socket closes; none of it had begun.
 */
import type { Act } from '@fleetmend/shared'
import type { Host } from '../host/host.ts'
import type { FpmConfig } from '../readings/fpm-config.ts'
import { readFpmTitle } from '../readings/proc.ts'
import { checkFpmConfig } from './check-fpm-config.ts'
import { checkNginxConfig } from './check-nginx-config.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import { drainWorkers } from './drain-workers.ts'
import { markBeforeReload } from './reload-evidence.ts'
import { freezeLimits, type FpmReload, type Reloaded } from './reload-fpm.ts'
import { isSame } from './same-process.ts'
import { readRunning, type RunningUnit } from './unit-state.ts'

export interface Restart extends Pick<FpmReload, 'frozen' | 'thawed'> {
  readonly act: Extract<Act, { act: 'restart' }>
}

/** Never with a configuration that is refused: what is down for a moment would stay down. */
export async function restartService(host: Host, { act, ...keeper }: Restart): Promise<Reloaded> {
  const { service, finishMs = 0 } = act
  const fpm = service === nginxUnit ? null : await checkFpmConfig(host, service, new Map())
  const check = fpm ?? (await checkNginxConfig(host, new Map()))
  if (!check.passed) return { came: 'let-go', says: `Not restarted. ${check.says}` }
  const before = await readRunning(host, service)
  const held =
    before.ok && fpm?.passed && finishMs > 0 ? await letFinish(host, before.value, fpm.config, finishMs, keeper) : null
  const toldAtMs = host.nowMs()
  const told = await host.systemd('restart', service, restartLimitMs)
  const tookMs = host.nowMs() - toldAtMs
  await held?.release()
  const now = await readRunning(host, service)
  if (!now.ok)
    return {
      came: 'failed',
      says: `${service} did not come back: ${told.ok ? now.says : `${told.says}; ${now.says}`}.`,
    }
  const { pid } = now.value.main
  const isNew = !before.ok || !isSame(before.value.main, now.value.main)
  const finished = held === null ? '' : ` ${held.says}`
  return isNew
    ? { came: 'did', says: `Restarted ${service} (main process ${pid}); stop and start took ${tookMs} ms.${finished}` }
    : { came: 'let-go', says: `${service} was not restarted: ${told.ok ? 'its main process is the same' : told.says}.` }
}

/** systemd waits up to 90 s for a stop and as long for a start (DefaultTimeoutStopSec, DefaultTimeoutStartSec). */
const restartLimitMs = 200_000

interface Held {
  readonly says: string
  /** Once the old master is gone; systemd itself wakes what it ends (systemd.kill(5): SIGCONT follows KillSignal). */
  release(): Promise<void>
}

/**
 * Null where it cannot be held still; then nothing is waited for. The signal to end reaches the master before word of its
 * dead workers does, so that it forks no new ones (`fpm_signals.c`: all signals are blocked in a handler).
 */
async function letFinish(
  host: Host,
  { main, unit }: RunningUnit,
  config: FpmConfig,
  finishMs: number,
  keeper: Pick<FpmReload, 'frozen' | 'thawed'>,
): Promise<Held | null> {
  const limits = freezeLimits(finishMs, unit.watchdogUs)
  if (readFpmTitle(main.title)?.is !== 'master' || main.state === 'T' || limits === null) return null
  const before = await markBeforeReload(host, main, config)
  await keeper.frozen(before)
  const guard = await host.guardFrozen(main, limits.guardMs)
  const drained = guard.ok ? await drainWorkers(host, main, limits.drainMs) : guard
  return {
    says: drained.ok
      ? `${drained.workers} workers finished what they had first.`
      : `Requests may have been cut off: ${drained.says}.`,
    async release() {
      if (guard.ok) await guard.value.release()
      await keeper.thawed(before.master)
    },
  }
}
