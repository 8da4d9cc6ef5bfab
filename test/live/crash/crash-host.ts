/** A host to cut applies off on: with the agent and its recovery as installed, and a way back to how it was shipped. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ApplyDocument, ApplyReport } from '@fleetmend/shared'
import type { Lab } from '../../lab/lab.ts'
import { until } from '../../lab/until.ts'
import { hostOf, type Host } from '../faults/host-kit.ts'
import type { Wish } from './deed-hook.ts'

const recoverUnit = fileURLToPath(new URL('../../../packaging/systemd/fleetmend-recover.service', import.meta.url))
const hook = fileURLToPath(new URL('deed-hook.ts', import.meta.url))

/** What remediations change; the hosts' own layer keeps the copy through power failures. */
const kept = ['etc/php', 'etc/nginx', 'etc/systemd', 'etc/logrotate.d']
const copy = '/var/tmp/shipped.tar'

/** systemd takes the drop-ins of `fleetmend-apply-.service` for each unit whose name begins so (systemd.unit(5)). */
const dropIn = '/run/systemd/system/fleetmend-apply-.service.d'

export async function bootCrashHost(lab: Pick<Lab, 'boot'>, name: string): Promise<Host> {
  const host = hostOf(await lab.boot({ name }), 'debian12')
  await host.installAgent()
  await host.writeFile('/usr/lib/systemd/system/fleetmend-recover.service', readFileSync(recoverUnit))
  await host.must(['systemctl', 'daemon-reload'])
  await host.must(['systemctl', 'enable', '--quiet', 'fleetmend-recover'])
  await host.must(['mkdir', '-p', '/etc/fleetmend'])
  await host.writeFile('/etc/fleetmend/policy.yaml', 'changesPerHour: 1000\ncoolDownMinutes: 0\n')
  await host.must(['tar', '-C', '/', '--acls', '--xattrs', '-cpf', copy, ...kept])
  await installHook(host)
  return host
}

/** Into memory: the host boots without it. */
export async function installHook(host: Host): Promise<void> {
  await host.must(['mkdir', '-p', '/run/deeds', dropIn])
  await host.writeFile('/run/deeds/hook.mts', readFileSync(hook))
  await host.writeFile(`${dropIn}/deeds.conf`, '[Service]\nEnvironment=NODE_OPTIONS=--require=/run/deeds/hook.mts\n')
  await host.must(['systemctl', 'daemon-reload'])
}

export const undisturbed: Pick<Wish, 'deed' | 'nth'> = { deed: '', nth: 1 }

/** For the applies from now on. */
export async function wish(
  host: Host,
  before: Pick<Wish, 'deed' | 'nth'>,
  signal: Wish['signal'] = 'SIGKILL',
): Promise<void> {
  const text = JSON.stringify({ command: 'internal-apply', ...before, signal } satisfies Wish)
  await host.writeFile('/run/deeds/done', '')
  await host.writeFile('/run/deeds/wish.json', text)
}

/** What was begun since the last wish; the last of them was not done if the process was ended or stopped there. */
export async function deedsDone(host: Host): Promise<readonly string[]> {
  return (await host.readFile('/run/deeds/done')).split('\n').filter(Boolean)
}

/** Every file that a remediation may have changed, and the services with them. */
export async function asShipped(host: Host): Promise<void> {
  for (const folder of [dirname(host.pool), '/var/lib/fleetmend']) await host.run(['umount', '--quiet', folder])
  await host.must(['rm', '-rf', ...kept.map((path) => `/${path}`)])
  await host.must(['tar', '-C', '/', '--acls', '--xattrs', '-xpf', copy])
  await host.run(['systemctl', 'unmask', '--runtime', '--quiet', host.unit, 'nginx'])
  await host.must(['systemctl', 'daemon-reload'])
  await host.run(['systemctl', 'reset-failed', host.unit, 'nginx'])
  await host.must(['systemctl', 'restart', host.unit, 'nginx'])
  await until(async () => (await host.status('/ok.php')) === 200, 'the host to be as shipped')
}

export async function newestApply(host: Host): Promise<ApplyReport | null> {
  const { stdout } = await host.agent('history', '--json')
  return stdout === '' ? null : ((JSON.parse(stdout) as ApplyDocument).applies[0] ?? null)
}
