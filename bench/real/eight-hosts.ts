/** Eight real hosts that a controller, Ansible and clush all reach: with an agent, a Python, and a door for root's key. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFleet, type Fleet } from '../../test/lab/fleet.ts'
import { openLab } from '../../test/lab/lab.ts'
import type { LiveHost } from '../../test/lab/live-host.ts'
import { must } from '../../test/lab/tool.ts'

export interface EightHosts extends AsyncDisposable {
  readonly hosts: readonly LiveHost[]
  readonly fleet: Fleet
  /** For whoever comes over SSH: `ssh_config` and everything it names. */
  readonly folder: string
  /** A ssh_config(5) by whose aliases the hosts are reached, over connections that are kept. */
  readonly sshConfig: string
}

const count = 8

export async function bootEightHosts(): Promise<EightHosts> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-real-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const lab = stack.use(await openLab())
  const names = Array.from({ length: count }, (_, index) => `web-${index + 1}`)
  const hosts = await Promise.all(names.map((name) => lab.boot({ name, also: ['python3'] })))
  const fleet = stack.use(await openFleet(lab.address))
  const key = join(folder, 'key')
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
  for (const host of hosts) {
    await fleet.add(host, ['role=web'])
    // The same hosts are healed of the same trouble again and again.
    await host.writeFile('/etc/fleetmend/policy.yaml', 'changesPerHour: 100\ncoolDownMinutes: 0\n')
    await host.must(['install', '-d', '-m', '0700', '/root/.ssh'])
    await host.writeFile('/root/.ssh/authorized_keys', readFileSync(`${key}.pub`))
  }
  const knownHosts = join(folder, 'known_hosts')
  const lines = hosts.map(async (host) => `${host.name} ${await host.readFile('/etc/ssh/ssh_host_ed25519_key.pub')}`)
  writeFileSync(knownHosts, (await Promise.all(lines)).join(''))
  const sshConfig = join(folder, 'ssh_config')
  writeFileSync(sshConfig, sshConfigText(hosts, { folder, key, knownHosts }))
  stack.defer(async () => {
    for (const { name } of hosts) await must(['ssh', '-F', sshConfig, '-O', 'exit', name]).catch(() => undefined)
  })
  const whole = stack.move()
  return { hosts, fleet, folder, sshConfig, [Symbol.asyncDispose]: () => whole.disposeAsync() }
}

function sshConfigText(
  hosts: readonly LiveHost[],
  { folder, key, knownHosts }: { readonly folder: string; readonly key: string; readonly knownHosts: string },
): string {
  const each = hosts.map(({ name, address }) => `Host ${name}\n  HostName ${address}\n  HostKeyAlias ${name}\n`)
  return `${each.join('')}Host *
  User root
  IdentityFile ${key}
  IdentitiesOnly yes
  UserKnownHostsFile ${knownHosts}
  BatchMode yes
  ControlMaster auto
  ControlPath ${join(folder, 'c-%n')}
  ControlPersist 900
`
}
