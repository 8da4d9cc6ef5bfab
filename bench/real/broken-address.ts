/** The fault of the benchmark: a deployment told nginx of a socket that nobody listens on, on every host. And how it ends. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LiveHost } from '../../test/lab/live-host.ts'
import { until } from '../../test/lab/until.ts'
import { edit, namesOf, reloadNginx, site } from '../../test/live/faults/host-kit.ts'

export const listens = namesOf('debian12').socket
const deployed = '/run/php/shop.sock'
const page = '/ok.php'
/** Little beside what is measured, and little work for two processors. */
const askEveryMs = 50

/** As it is typed where it is known what to write. */
export const clushScript =
  `sed -i 's#unix:${deployed};#unix:${listens};#' ${site} && nginx -t -q && systemctl reload nginx && ` +
  `curl -sf --retry 10 --retry-all-errors --retry-delay 1 -o /dev/null http://127.0.0.1${page}`

/** Answers once nobody's page of PHP is answered any more. */
export async function breakAll(hosts: readonly LiveHost[]): Promise<void> {
  await Promise.all(
    hosts.map(async (host) => {
      const names = { ...namesOf('debian12'), ...host }
      await edit(names, site, listens, deployed)
      await reloadNginx(names)
      await until(async () => (await host.status(page)) === 502, `502 of ${host.name}`)
    }),
  )
  // Old workers of nginx, which still know the old address, are gone by then.
  await sleep(1000)
}

/** Asks each host from outside until it answers: when that was, in the order of the hosts. */
export function firstAnswersMs(hosts: readonly LiveHost[], signal: AbortSignal): Promise<readonly number[]> {
  return Promise.all(
    hosts.map(async (host) => {
      for (;;) {
        if ((await host.status(page)) === 200) return performance.now()
        signal.throwIfAborted()
        await sleep(askEveryMs)
      }
    }),
  )
}

/** Whoever repaired it left the very file that was there before. */
export async function mustBeAsBefore(hosts: readonly LiveHost[], before: readonly string[]): Promise<void> {
  for (const [index, host] of hosts.entries())
    if ((await host.readFile(site)) !== before[index])
      throw new Error(`${site} of ${host.name} is another than before.`)
}

export function sitesOf(hosts: readonly LiveHost[]): Promise<readonly string[]> {
  return Promise.all(hosts.map((host) => host.readFile(site)))
}
