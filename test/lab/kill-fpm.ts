/** The fault that most stories begin with: the master is killed, as the kernel does it when memory is out, and visitors get 502. */
import type { LiveHost } from './live-host.ts'
import { until } from './until.ts'

export async function killFpm(host: LiveHost): Promise<void> {
  await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', 'php8.2-fpm'])
  await until(async () => (await host.status('/ok.php')) === 502, '502')
}
