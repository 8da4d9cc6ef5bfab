/** Which of the two drivers goes to a host: the one that was asked for, or the one that can. */
import type { SshDriver } from '../ssh-connection.ts'
import type { SshTarget } from '../ssh-target.ts'

export type SshDriverName = 'ssh2' | 'system'

export interface SshDrivers {
  readonly ssh2: SshDriver
  readonly system: SshDriver
}

/**
 * `auto` takes ssh2, which needs no process, unless the configuration of a host, or of one on the way, has words that only
 * `ssh` can honour. What shows only at the host itself is a problem (`ssh-needs-system-ssh`) that names the other driver:
 * trying both in turn would be two logins.
 */
export function chooseDriver(target: SshTarget, wanted: SshDriverName | 'auto', drivers: SshDrivers): SshDriver {
  if (wanted !== 'auto') return drivers[wanted]
  const beyond = [target, ...target.jumps].some(({ beyondSsh2 }) => beyondSsh2.length > 0)
  return drivers[beyond ? 'system' : 'ssh2']
}
