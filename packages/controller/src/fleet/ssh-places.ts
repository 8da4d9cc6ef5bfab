/** Hosts that are reached over SSH, as targets of a driver, and as the lines of the controller's own known_hosts file. */
import type { HostId, PinnedSshPlace, SshPlace, SshWay, SshWayAsked } from '@fleetmend/shared'
import type { SshTarget } from '@fleetmend/ssh'

export interface SshFiles {
  /** Null: nobody logs in, as when a host is only asked for its key. */
  readonly keyFile: string | null
  readonly knownHostsFile: string
}

const connectLimitMs = 15_000

/** No ssh_config is read: where a host is was said by whoever added it, and nothing on this machine changes it. */
export function sshTarget(host: HostId, way: SshWayAsked, files: SshFiles): SshTarget {
  const jumps = way.jumps.map((jump, index) =>
    placeTarget(jump, { host, name: jumpName(host, index), alias: said(jump) }, files),
  )
  return { ...placeTarget(way, { host, name: host, alias: host }, files), jumps }
}

interface Named {
  readonly host: HostId
  /** Under which its key is known: a key is pinned for one member, wherever else the same machine may be named. */
  readonly name: string
  readonly alias: string
}

function placeTarget({ user, host: hostName, port }: SshPlace, { name, alias }: Named, files: SshFiles): SshTarget {
  return {
    alias,
    written: { user, host: hostName, port },
    ...{ hostName, port, user },
    hostKeyAlias: name,
    knownHostsFiles: [files.knownHostsFile],
    newKeysFile: null,
    hashKnownHosts: false,
    identityFiles: files.keyFile === null ? [] : [files.keyFile],
    identitiesOnly: true,
    agentSocket: null,
    unknownHost: 'refuse',
    connectLimitMs,
    jumps: [],
    beyondSsh2: [],
  }
}

/** A slash stands in no name of a host. */
function jumpName(host: HostId, index: number): string {
  return `${host}/${index + 1}`
}

export function knownHostsText(host: HostId, way: SshWay): string {
  const line = (name: string, { hostKey }: PinnedSshPlace): string => `${name} ${hostKey}\n`
  return line(host, way) + way.jumps.map((jump, index) => line(jumpName(host, index), jump)).join('')
}

/** `fleetmend@web-7.example:22`, as people read it. */
export function said({ user, host, port }: SshPlace): string {
  return `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`
}
