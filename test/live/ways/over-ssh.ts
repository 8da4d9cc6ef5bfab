/** Over a real sshd: as an account that is bound to the socket of the agent, or as root, with an agent for one session. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { streamChannel } from '@fleetmend/shared'
import {
  commandLine,
  ssh2Driver,
  systemSshDriver,
  type SshConnection,
  type SshDriver,
  type SshTarget,
} from '../../../packages/ssh/src/index.ts'
import { plainTarget } from '../../../packages/ssh/src/drivers/plain-target.ts'
import { faultProxy } from '../../lab/fault-proxy.ts'
import { letIn } from '../../lab/let-in.ts'
import type { LiveHost } from '../../lab/live-host.ts'
import { must } from '../../lab/tool.ts'
import type { Way } from './way.ts'

const never = new AbortController().signal
const boundAccount = 'fleetmend-bound'

export const sshDrivers: readonly { readonly name: string; readonly driver: SshDriver }[] = [
  { name: 'ssh2', driver: ssh2Driver({ askPassphrase: null }) },
  { name: 'the ssh program', driver: systemSshDriver({ configFiles: [] }) },
]

export interface SshDoors extends Disposable {
  readonly bound: SshTarget
  readonly root: SshTarget
}

/** What is asked for besides means nothing to the bound account; root asks for what the command line asks for. */
export const programOf = {
  bound: commandLine(['/bin/echo', 'nobody asked for this']),
  root: commandLine(['/usr/bin/fleetmend-agent', 'serve', '--stdio']),
}

/** Keys for both on the host. The agent must be started anew after it, to find the group. */
export async function openSshDoors(host: LiveHost): Promise<SshDoors> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-ways-'))
  const [key, knownHosts] = [join(folder, 'key'), join(folder, 'known_hosts')]
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
  const publicKey = await must(['cat', `${key}.pub`])
  await host.must(['groupadd', '--force', '--system', 'fleetmend'])
  await host.must(['useradd', '--create-home', '--groups', 'fleetmend', '--shell', '/bin/sh', boundAccount])
  await letIn(host, boundAccount, `restrict,command="/usr/bin/fleetmend-agent stdio" ${publicKey}`)
  await letIn(host, 'root', publicKey)
  writeFileSync(knownHosts, `${host.name} ${await host.readFile('/etc/ssh/ssh_host_ed25519_key.pub')}`)
  const target = plainTarget({
    ...{ alias: host.name, hostName: host.address, port: 22, user: 'root' },
    ...{ hostKeyAlias: host.name, knownHosts, newKeysFile: null },
    ...{ identityFiles: [key], identitiesOnly: true, connectLimitMs: 20_000 },
  })
  return {
    bound: { ...target, user: boundAccount },
    root: target,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Every line is a connection of its own. */
export async function overSsh(driver: SshDriver, target: SshTarget, command: string): Promise<Way> {
  const between = await faultProxy({
    listen: '127.0.0.1',
    to: { host: target.hostName, port: target.port },
    dialledBy: 'caller',
  })
  const through: SshTarget = { ...target, hostName: between.host, port: between.port }
  return {
    between,
    async open() {
      const connection = await sshConnected(driver, through)
      const started = await connection.start(command)
      if (!started.ok) throw new Error(started.problem.detail)
      const { stdio, stderr } = started.value
      stderr.on('error', () => undefined).resume()
      return {
        channel: streamChannel(stdio, { preamble: 'expect' }),
        leave: async () => connection[Symbol.asyncDispose](),
      }
    },
    [Symbol.asyncDispose]: () => between[Symbol.asyncDispose](),
  }
}

export async function sshConnected(driver: SshDriver, target: SshTarget): Promise<SshConnection> {
  const connected = await driver.connect(target, never)
  if (!connected.ok) throw new Error(connected.problem.detail)
  return connected.value
}
