/** Where and as whom a host is reached over SSH: what a person wrote, with what their configuration makes of it. */

/** `host`, `user@host:port`, `ssh://user@host:port`: null is what was left to the configuration. */
export interface SshDestination {
  readonly user: string | null
  /** Without brackets; what `Host` lines are held against. */
  readonly host: string
  readonly port: number | null
}

export interface SshTarget {
  /** As the person wrote it (`web-1`, `deploy@web-1:2222`): messages name it so. */
  readonly alias: string
  /** What is said in it, for the system's `ssh`, which reads its configuration itself. */
  readonly written: SshDestination
  readonly hostName: string
  readonly port: number
  readonly user: string
  /** Under which its keys stand in known_hosts, where that is not its name (HostKeyAlias). */
  readonly hostKeyAlias: string | null
  /** The person's own first, then those of the machine. */
  readonly knownHostsFiles: readonly string[]
  /** Where a key that is accepted is written down; null: nowhere (`UserKnownHostsFile none`). */
  readonly newKeysFile: string | null
  readonly hashKnownHosts: boolean
  readonly identityFiles: readonly string[]
  /** Only keys of `identityFiles` are offered, also where ssh-agent holds others. */
  readonly identitiesOnly: boolean
  /** The socket of ssh-agent; null: none is asked. */
  readonly agentSocket: string | null
  /** A host that no known_hosts file knows is refused (`yes`), or its key is written down (`accept-new`), never silently. */
  readonly unknownHost: 'refuse' | 'accept-new'
  readonly connectLimitMs: number
  /** Hosts to go through, the nearest first. */
  readonly jumps: readonly SshTarget[]
  /** Words of its configuration that only the system's `ssh` can honour (`ProxyCommand`, `CertificateFile` …). */
  readonly beyondSsh2: readonly string[]
}
