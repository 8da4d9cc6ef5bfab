/** The three ways in which the demo breaks its hosts: each a real fault, under real requests, as it is met at night. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LiveHost } from '../test/lab/live-host.ts'
import { until } from '../test/lab/until.ts'

export interface Trouble {
  readonly host: string
  /** What was done to the host, in the words of whoever did it. */
  readonly says: string
  /** What customers ask for, and how often. */
  readonly requests: { readonly path: string; readonly perSecond: number }
  breakIt(host: LiveHost): Promise<void>
}

const fpm = 'php8.2-fpm'
const pool = '/etc/php/8.2/fpm/pool.d/www.conf'

export const troubles: readonly Trouble[] = [
  {
    host: 'web-1',
    says: 'a campaign: eight requests a second that take one second each, for a pool of five workers',
    requests: { path: '/sleep.php?s=1', perSecond: 8 },
    breakIt: async (host) => {
      // With the default queue of 511 it would take minutes until customers see more than slowness.
      const text = await host.readFile(pool)
      await host.writeFile(pool, text.replace(/^;?listen\.backlog = .*$/m, 'listen.backlog = 16'))
      await host.must(['systemctl', 'restart', fpm])
    },
  },
  {
    host: 'web-2',
    says: 'the master of PHP-FPM was killed (SIGKILL), and nothing starts it again',
    requests: { path: '/ok.php', perSecond: 10 },
    breakIt: async (host) => {
      await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', fpm])
      await until(async () => (await host.status('/ok.php')) === 502, 'web-2 to answer 502')
    },
  },
  {
    host: 'web-3',
    says: 'a scheduled job reloads PHP-FPM every three seconds, and each reload kills what is in flight',
    requests: { path: '/sleep.php?s=0.3', perSecond: 10 },
    breakIt: async (host) => {
      const timer = ['--on-active=1s', '--on-unit-active=3s', '--timer-property=AccuracySec=100ms']
      await host.must(['systemd-run', '--quiet', '--unit=reload-fpm', ...timer, 'systemctl', 'reload', fpm])
      await sleep(1000)
    },
  },
]
