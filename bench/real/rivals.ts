/** Ansible and clush as whoever tuned them would run them: which versions are here, and the command lines of both. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitCodes } from '@fleetmend/shared'
import { plainEnvironment, runTool } from '../../test/lab/tool.ts'
import type { EightHosts } from './eight-hosts.ts'
import type { CommandLine } from './took.ts'

const packages = { 'ansible-playbook': 'ansible-core', clush: 'clustershell', ssh: 'openssh-client' }

/** What each says of itself; ends this process with what to install where one is not here. */
export async function rivalVersions(): Promise<readonly string[]> {
  const folders = plainEnvironment.PATH.split(':')
  const lacking = Object.entries(packages).filter(([tool]) => !folders.some((each) => existsSync(join(each, tool))))
  if (lacking.length > 0) {
    process.stderr.write(
      `There is nobody here to be measured beside: no ${lacking.map(([tool]) => tool).join(', no ')}. On Debian:\n` +
        `    apt-get install ${lacking.map(([, owner]) => owner).join(' ')}\n`,
    )
    process.exit(exitCodes.refused)
  }
  const asked = [
    ['ansible-playbook', '--version'],
    ['clush', '--version'],
    ['ssh', '-V'],
  ]
  return Promise.all(
    asked.map(async (argv) => {
      const { stdout, stderr } = await runTool(argv)
      return (stdout + stderr).split('\n')[0] ?? ''
    }),
  )
}

export function playbook(
  { hosts, folder, sshConfig }: EightHosts,
  name: string,
  words: readonly string[] = [],
): CommandLine {
  const path = fileURLToPath(new URL(name, import.meta.url))
  const inventory = `${hosts.map((host) => host.name).join(',')},`
  return { argv: ['ansible-playbook', '-i', inventory, ...words, path], env: settings(folder, sshConfig) }
}

/** Settings of its own, beside; the connections that are kept are those of ssh_config(5), which clush uses as well. */
function settings(folder: string, sshConfig: string): Readonly<Record<string, string>> {
  return {
    ANSIBLE_CONFIG: fileURLToPath(new URL('ansible.cfg', import.meta.url)),
    ANSIBLE_HOME: join(folder, 'ansible'),
    ANSIBLE_LOCAL_TEMP: join(folder, 'ansible-local'),
    ANSIBLE_SSH_ARGS: `-F ${sshConfig}`,
  }
}

export function clush({ hosts, sshConfig }: EightHosts, script: string): CommandLine {
  const nodes = hosts.map((host) => host.name).join(',')
  return { argv: ['clush', '-n', '-S', '-L', '-f', '64', '-w', nodes, '-o', `-F ${sshConfig}`, script] }
}
