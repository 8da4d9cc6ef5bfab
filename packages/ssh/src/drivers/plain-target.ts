/** For tests: a target without anything that a person had configured, at this machine or at a host. */
import type { SshTarget } from '../ssh-target.ts'

export function plainTarget({
  knownHosts,
  ...changes
}: Partial<SshTarget> & { readonly hostName: string; readonly port: number; readonly knownHosts: string }): SshTarget {
  const { alias = 'web-1' } = changes
  return {
    alias,
    written: { user: null, host: alias, port: null },
    user: 'ops',
    hostKeyAlias: null,
    knownHostsFiles: [knownHosts],
    newKeysFile: knownHosts,
    hashKnownHosts: false,
    identityFiles: [],
    identitiesOnly: false,
    agentSocket: null,
    unknownHost: 'refuse',
    connectLimitMs: 10_000,
    jumps: [],
    beyondSsh2: [],
    ...changes,
  }
}
