/** Whether this machine can boot test hosts, found out by trying each thing; and what is needed where it cannot. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { hasBaseTree } from './base-tree.ts'
import { cgroupsMissing } from './cgroups.ts'
import { plainEnvironment, runTool } from './tool.ts'

export type CanBoot = { readonly can: true } | { readonly can: false; readonly missing: readonly string[] }

const tools: Readonly<Record<string, string>> = {
  'systemd-nspawn': 'systemd-container',
  ip: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  setpriv: 'util-linux',
}

export async function canBootHosts(): Promise<CanBoot> {
  // Whoever started the tests has found out already, and said so.
  const known = process.env['FLEETMEND_NO_HOSTS']
  if (known !== undefined) return { can: false, missing: [known] }
  if (process.getuid?.() !== 0) return { can: false, missing: ['root: containers, mounts and network links are made'] }
  const needed = hasBaseTree('debian12') ? tools : { ...tools, debootstrap: 'debootstrap' }
  const absent = Object.entries(needed).filter(([tool]) => !onPath(tool))
  if (absent.length > 0)
    return { can: false, missing: absent.map(([tool, owner]) => `${tool} (apt-get install ${owner})`) }
  const missing = [await overlayMissing(), await bridgeMissing(), cgroupsMissing()].filter((each) => each !== undefined)
  return missing.length > 0 ? { can: false, missing } : { can: true }
}

/** For the head of a test file: skips it loudly where hosts are impossible. */
export async function hostsAreImpossible(): Promise<boolean> {
  const answer = await canBootHosts()
  if (!answer.can)
    process.stderr.write(
      `No real hosts can be booted here. Needed:\n${answer.missing.map((each) => `  - ${each}\n`).join('')}`,
    )
  return !answer.can
}

function onPath(tool: string): boolean {
  return plainEnvironment.PATH.split(delimiter).some((folder) => existsSync(join(folder, tool)))
}

/** In a mount namespace that ends with the attempt. */
async function overlayMissing(): Promise<string | undefined> {
  const inNamespace = ['unshare', '--mount', '--propagation', 'private', '--']
  const tried = await runTool([...inNamespace, 'mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=/usr:/etc', '/mnt'])
  return tried.exitCode === 0 ? undefined : `overlayfs: ${tried.stderr.trim()}`
}

async function bridgeMissing(): Promise<string | undefined> {
  const name = `flm-probe${process.pid % 100_000}`
  const tried = await runTool(['ip', 'link', 'add', name, 'type', 'bridge'])
  if (tried.exitCode !== 0) return `network bridges: ${tried.stderr.trim()}`
  await runTool(['ip', 'link', 'del', name])
  return undefined
}
