/** An executor for this process on this host, and the words for a person at its keyboard. */
import { isIP } from 'node:net'
import { safeLine, type AuthoritySummary } from '@fleetmend/shared'
import { diagnose } from '../diagnoses/diagnose.ts'
import { discretion } from '../execute/discretion.ts'
import type { Executor } from '../execute/executor.ts'
import type { Host, ReadHost } from '../host/host.ts'
import { lookOptions } from '../look-options.ts'
import { policyToLookBy } from '../policy/policy-to-look-by.ts'
import { textOf } from '../readings/bytes.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { look } from '../survey/look.ts'

export async function executorHere(host: Host, state: StateFolder): Promise<Executor> {
  const self = await host.process(process.pid)
  if (!self.ok) throw new Error(`This process cannot be found in /proc: ${self.says}. This is a bug.`)
  const { pid, startTicks } = self.value
  return {
    host,
    state,
    self: { pid, startTicks },
    discretion: discretion(host),
    look: async () => look(host, lookOptions(state, await policyToLookBy(host))),
    diagnose: (facts) => diagnose(facts),
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** Root at the host needs nobody's approval; who it is goes into the record (DESIGN D4, `local-root`). */
export function localRoot(environment: Environment): AuthoritySummary {
  return { kind: 'local-root', by: [whoIsHere(environment)] }
}

export interface LoggedIn {
  readonly address: string
}

/** Who became root, as far as that is known; that they are is known, who they are is what sudo and sshd say. */
export function whoIsHere(environment: Environment, over: LoggedIn | null = null): string {
  const user = environment['SUDO_USER']
  const name = user === undefined ? null : safeLine(user.slice(0, 64))
  if (over !== null)
    return `${name === null ? 'root' : `${name}, root through sudo,`} over SSH from ${over.address} (not proved: as sudo and sshd say)`
  return name === null ? 'root at this host' : `${name} (root through sudo)`
}

/** What sshd set for the session that this process is part of: sudo keeps it from us, not from its own process. */
export async function whoLoggedIn(
  host: Pick<ReadHost, 'process' | 'readFile'>,
  own: Environment,
): Promise<LoggedIn | null> {
  let connection = own['SSH_CONNECTION']
  let pid = process.ppid
  for (let steps = 0; connection === undefined && pid > 1 && steps < parentsAtMost; steps++) {
    const environment = await host.readFile(`/proc/${pid}/environ`)
    if (environment.ok) connection = variableIn(textOf(environment.value), 'SSH_CONNECTION')
    const parent = await host.process(pid)
    pid = parent.ok ? parent.value.parentPid : 0
  }
  // Its address and port, then those of this host (sshd(8)).
  const address = connection?.split(' ')[0] ?? ''
  return isIP(address) === 0 ? null : { address }
}

/** Us, sudo, its monitor, a login shell or two, sshd. */
const parentsAtMost = 6

function variableIn(environment: string, name: string): string | undefined {
  const found = environment.split('\0').find((each) => each.startsWith(`${name}=`))
  return found?.slice(name.length + 1)
}
