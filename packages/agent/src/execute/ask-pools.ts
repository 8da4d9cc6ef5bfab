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

/** Which of its pools with `pm = ondemand` answer, each of which has an idle worker for a moment afterwards. */
export async function askOnDemand(host: Host, { pools }: FpmConfig, prefix: string): Promise<readonly FpmPool[]> {
  const onDemand = pools.filter(isOnDemand)
  const answered = await Promise.all(onDemand.map((pool) => answers(host, pool, prefix)))
  if (onDemand.length > 0) await host.sleep(untilIdleMs)
  return onDemand.filter((_, index) => answered[index])
}

/** It may be well without a single worker. */
export function isOnDemand({ directives }: FpmPool): boolean {
  return fpmProcessManager(directives.get('pm')?.value ?? '') === 'ondemand'
}

/** Whoever has answered is not idle yet. */
const untilIdleMs = 30

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
