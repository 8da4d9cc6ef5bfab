/** Asks pools of PHP-FPM for a script that cannot exist: whoever answers 404 has a worker, and one that is idle afterwards. */
import type { Host, ReadHost } from '../host/host.ts'
import type { FpmConfig, FpmPool } from '../readings/fpm-config.ts'
import { fpmProcessManager, listenAddress } from '../readings/fpm-values.ts'

const askLimitMs = 2000

/** Whether every one of them answers. `prefix` is PHP_PREFIX. */
export async function answersEverywhere(host: ReadHost, pools: readonly FpmPool[], prefix: string): Promise<boolean> {
  for (const pool of pools) if (!(await answers(host, pool, prefix))) return false
  return true
}

/**
 * A master that wakes while visitors wait for an `ondemand` pool may hear of them before it hears of the reload. Where none
 * of its workers was idle it forks one for them (`fpm_children.c`, `fpm_pctl_on_socket_accept`) and kills it with the
 * reload a moment later, rarely after it has taken a request. One that ended while it was idle counts until it is reaped.
 */
export async function idleOnDemand(host: Host, { pools }: FpmConfig, prefix: string): Promise<void> {
  const onDemand = pools.filter(({ directives }) => fpmProcessManager(directives.get('pm')?.value ?? '') === 'ondemand')
  // One that does not answer in time has all the workers that it may have: then none is forked, either.
  await Promise.all(onDemand.map((pool) => answers(host, pool, prefix)))
  if (onDemand.length > 0) await host.sleep(untilIdleMs)
}

/** Whoever has answered is not idle yet: told to finish before it waits for the next, it would not count. */
const untilIdleMs = 50

async function answers(host: ReadHost, { name, directives }: FpmPool, prefix: string): Promise<boolean> {
  const listen = directives.get('listen')?.value ?? ''
  const address = listenAddress(listen, name, directives.get('prefix')?.value ?? prefix)
  const params = {
    REQUEST_METHOD: 'GET',
    SCRIPT_NAME: '/fleetmend-probe',
    SCRIPT_FILENAME: '/nonexistent/fleetmend-probe.php',
    QUERY_STRING: '',
  }
  return address !== null && (await host.fastcgi({ address, params, limitMs: askLimitMs })).kind === 'answered'
}
