/**
 * Runs on a test host, under its Node: reads the configuration of each PHP-FPM and of nginx as the agent does, asks the
 * programs what they make of the same files, and prints what differs as JSON. The programs test in private namespaces.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statfsSync } from 'node:fs'
import { HostId } from '@fleetmend/shared'
import { linuxHost } from '../../../packages/agent/src/host/linux-host.ts'
import type { ReadHost } from '../../../packages/agent/src/host/host.ts'
import { debianBuild } from '../../../packages/agent/src/readings/expected-fpm-dump.ts'
import { readFpmConfig } from '../../../packages/agent/src/readings/fpm-config.ts'
import { readNginxConfig } from '../../../packages/agent/src/readings/nginx-config.ts'
import { readWithFiles } from '../../../packages/agent/src/survey/config-files.ts'
import { fpmDifferences } from './fpm-agrees.ts'
import { nginxDifferences } from './nginx-agrees.ts'

const host: ReadHost = linuxHost(HostId.parse('parsers'), { program: process.execPath, args: [] })
/** On a full disk the programs cannot print, and what they say is not known. */
const canPrint = ['/run', '/tmp'].every((folder) => statfsSync(folder).bavail > 0)
const differences = canPrint
  ? [...(await Promise.all(debianFpms().map(compareFpm))).flat(), ...(await compareNginx())]
  : []
process.stdout.write(JSON.stringify(differences))

interface Fpm {
  readonly binary: string
  readonly config: string
}

/** Those of Debian's packages: each version has its own folder, binary and main file. */
function debianFpms(): readonly Fpm[] {
  const versions = existsSync('/etc/php') ? readdirSync('/etc/php').filter((name) => /^\d\.\d$/.test(name)) : []
  return versions
    .map((php) => ({ binary: `/usr/sbin/php-fpm${php}`, config: `/etc/php/${php}/fpm/php-fpm.conf` }))
    .filter(({ binary, config }) => existsSync(binary) && existsSync(config))
}

/** A name may lie: a test puts one version in the place of another. */
function versionOf(binary: string): string {
  return /^PHP (\d+\.\d+)/.exec(execFileSync(binary, ['-v'], { encoding: 'utf8' }))?.[1] ?? ''
}

async function compareFpm({ binary, config }: Fpm): Promise<readonly string[]> {
  const [reading, said] = await Promise.all([
    readWithFiles(host, ({ read, glob }) => readFpmConfig(config, read, glob, '/usr')),
    host.ask({ tool: 'fpm-config-dump', binary, config, planned: new Map() }),
  ])
  if (!reading.ok || !said.ok) return []
  return fpmDifferences(reading.value, said.value, debianBuild(versionOf(binary)))
}

async function compareNginx(): Promise<readonly string[]> {
  const config = '/etc/nginx/nginx.conf'
  if (!existsSync('/usr/sbin/nginx') || !existsSync(config)) return []
  const [reading, said] = await Promise.all([
    readWithFiles(host, ({ read, glob }) => readNginxConfig(config, read, glob)),
    host.ask({ tool: 'nginx-dump', binary: '/usr/sbin/nginx' }),
  ])
  return said.ok ? nginxDifferences(reading, said.value) : []
}
