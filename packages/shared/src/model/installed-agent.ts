/**
 * What an installed agent is: its files, where they lie, the units that run it. Whoever brings them over SSH and whoever
 * puts them in place on the host go by this.
 */
import { createHash } from 'node:crypto'

/** Node needs it (of GCC), and many a web host has none: it lies beside the Node and is looked for there first (ld.so(8)). */
export const runtimeLibrary = 'libatomic.so.1'

/** What lies in the folder of a version, with its mode; all of it belongs to root. */
export const installedFiles = {
  node: 0o755,
  [runtimeLibrary]: 0o644,
  'fleetmend-agent.cjs': 0o755,
  'agent.cjs': 0o644,
  'agent.cjs.cache': 0o644,
  'serving.cjs': 0o644,
  'stdio.cjs': 0o644,
  'fleetmend-agent.service': 0o644,
  'fleetmend-recover.service': 0o644,
  // To begin with; what counts lies in /etc/fleetmend.
  approvers: 0o644,
  'policy.yaml': 0o644,
} as const satisfies Record<string, number>
export type InstalledFile = keyof typeof installedFiles

export const installedPlaces = {
  /** A folder for each version that is here, and `current`, a link to the one that is run. */
  library: '/usr/lib/fleetmend',
  current: '/usr/lib/fleetmend/current',
  units: '/usr/lib/systemd/system',
  configuration: '/etc/fleetmend',
  approvers: '/etc/fleetmend/approvers',
  policy: '/etc/fleetmend/policy.yaml',
  state: '/var/lib/fleetmend',
} as const

/** These stay the same for ever: another version is another target of `current`. */
export const fixedLinks = {
  '/usr/lib/fleetmend/node': 'current/node',
  [`/usr/lib/fleetmend/${runtimeLibrary}`]: `current/${runtimeLibrary}`,
  '/usr/lib/fleetmend/fleetmend-agent.cjs': 'current/fleetmend-agent.cjs',
  '/usr/bin/fleetmend-agent': '/usr/lib/fleetmend/fleetmend-agent.cjs',
} as const satisfies Record<string, string>

/** The one that serves, and the one that finishes at boot what was cut off. */
export const agentUnit = 'fleetmend-agent'
export const agentUnits = [agentUnit, 'fleetmend-recover'] as const

/** Its members may ask the agent. */
export const agentGroup = 'fleetmend'

/** `0.1.0-3f2a91c07be4`: two builds that call themselves the same lie side by side. */
export function versionFolder(version: string, digest: string): string {
  return `${version}-${digest.slice(0, 12)}`
}

export function isVersionFolder(name: string): boolean {
  return /^\d[\w.+]*-[0-9a-f]{12}$/.test(name)
}

/** Over names and SHA-256 of files, in hex: the same files have the same one everywhere. */
export function filesDigest(files: ReadonlyMap<string, string>): string {
  const lines = [...files].map(([name, sha256]) => `${sha256}  ${name}\n`).toSorted()
  return createHash('sha256').update(lines.join('')).digest('hex')
}
