/** Carries out one act of a plan. Each may be repeated safely, and looks for its effect before it is done again. */
import type { Act } from '@fleetmend/shared'
import type { Host } from '../host/host.ts'
import { reloadFpm, type FpmReload, type Reloaded } from './reload-fpm.ts'
import { reloadNginx } from './reload-nginx.ts'
import { restartService } from './restart-service.ts'
import { readRunning, readUnit } from './unit-state.ts'

export type Performed = Reloaded

/** Where the freezing of a master is written down. */
export type FreezeKeeper = (service: string) => Pick<FpmReload, 'frozen' | 'thawed'>

export async function perform(host: Host, act: Act, keeper: FreezeKeeper): Promise<Performed> {
  switch (act.act) {
    case 'daemon-reload':
      return fromDid(await host.daemonReload(), 'systemd read its unit files anew.')
    case 'reset-failed':
      return fromDid(
        await host.systemd('reset-failed', act.service, systemdLimitMs),
        `The failed state of ${act.service} was cleared.`,
      )
    case 'start':
      return startService(host, act.service)
    case 'restart':
      return restartService(host, { act, ...keeper(act.service) })
    case 'reload-nginx':
      return reloadNginx(host)
    case 'reload-fpm':
      return reloadFpm(host, { ...act, ...keeper(act.service) })
  }
}

/** systemd waits up to 90 s for a service to be ready (DefaultTimeoutStartSec). */
const startLimitMs = 100_000
const systemdLimitMs = 30_000

export async function startService(host: Host, service: string): Promise<Performed> {
  const already = await readRunning(host, service)
  if (already.ok) return { came: 'did', says: `${service} is running (main process ${already.value.main.pid}).` }
  const unit = await readUnit(host, service)
  // A start that systemd is at by itself began with what was wrong before: told to start, it would only be joined.
  const isAtIt = unit.ok && unit.value.activeState === 'activating'
  const started = await host.systemd(isAtIt ? 'restart' : 'start', service, startLimitMs)
  const running = await readRunning(host, service)
  if (running.ok) return { came: 'did', says: `Started ${service} (main process ${running.value.main.pid}).` }
  return {
    came: 'failed',
    says: `${service} did not start: ${started.ok ? running.says : `${started.says}; ${running.says}`}.`,
  }
}

function fromDid(did: { readonly ok: true } | { readonly ok: false; readonly says: string }, says: string): Performed {
  return did.ok ? { came: 'did', says } : { came: 'failed', says: did.says }
}
