/** How this person reaches hosts from this computer: their ssh configuration, known hosts and keys, and what is put there. */
import { resolve } from 'node:path'
import { safeLine } from '@fleetmend/shared'
import {
  chooseDriver,
  resolveSshTarget,
  ssh2Driver,
  sshEnvironment,
  systemSshDriver,
  type AskPassphrase,
  type SshTarget,
} from '@fleetmend/ssh'
import type { Cli } from '../cli.ts'
import type { SshOptions } from '../words/ssh-options.ts'
import { agentFilesHere, type Purpose } from './agent-files.ts'
import type { Reach } from './reach-hosts.ts'

export function reachFromHere(
  cli: Pick<Cli, 'streams' | 'environment'>,
  options: SshOptions,
  purpose: Purpose = 'session',
): Reach {
  const { environment } = cli
  const { sshConfig } = options
  const drivers = {
    ssh2: ssh2Driver({ askPassphrase: askingOnce(cli) }),
    system: systemSshDriver(sshConfig === undefined ? {} : { configFiles: [resolve(sshConfig)] }),
  }
  const own = sshEnvironment(environment)
  // As `ssh -F`, which asks for no owner either.
  const named = (path: string) => [{ path: resolve(path), isUsers: true, isGuarded: false }]
  const person = sshConfig === undefined ? own : { ...own, configFiles: named(sshConfig) }
  return {
    async connect(name, signal) {
      const resolved = resolveSshTarget(name, person)
      if (!resolved.ok) return resolved
      const target = options.acceptNew ? acceptingNew(resolved.value) : resolved.value
      return chooseDriver(target, options.sshDriver ?? 'auto', drivers).connect(target, signal)
    },
    filesFor: agentFilesHere(
      {
        environment,
        entry: process.argv[1],
        runtime: { path: process.execPath, platform: process.platform, architecture: process.arch },
      },
      purpose,
    ),
    keep: options.keep === true,
  }
}

/** Also on the way there: who asks for it asks for the whole way. */
function acceptingNew(target: SshTarget): SshTarget {
  return { ...target, unknownHost: 'accept-new', jumps: target.jumps.map(acceptingNew) }
}

/** Many hosts may be opened with one key; its passphrase is asked for once. */
function askingOnce({ streams }: Pick<Cli, 'streams'>): AskPassphrase | null {
  if (!streams.canAsk) return null
  const answers = new Map<string, Promise<string | null>>()
  return (path) => {
    const answer = answers.get(path) ?? streams.askSecret(`Passphrase of ${safeLine(path)}: `)
    answers.set(path, answer)
    return answer
  }
}
