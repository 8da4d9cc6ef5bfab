/** An executor for this process on this host, and the words for a person at its keyboard. */
import type { AuthoritySummary } from '@fleetmend/shared'
import { diagnose } from '../diagnoses/diagnose.ts'
import { discretion } from '../execute/discretion.ts'
import type { Executor } from '../execute/executor.ts'
import type { Host } from '../host/host.ts'
import { lastGoodSource } from '../last-good-source.ts'
import { canaryPaths } from '../policy/canary-paths.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { look } from '../survey/look.ts'

export async function executorHere(host: Host, state: StateFolder): Promise<Executor> {
  const self = await host.process(process.pid)
  if (!self.ok) throw new Error(`This process cannot be found in /proc: ${self.says}. This is a bug.`)
  const { pid, startTicks } = self.value
  const options = { lastGood: lastGoodSource(state) }
  return {
    host,
    state,
    self: { pid, startTicks },
    discretion: discretion(host),
    look: async () => look(host, { ...options, canaryPaths: await canaryPaths(host) }),
    diagnose: (facts) => diagnose(facts),
  }
}

/** Root at the host needs nobody's approval; who it is goes into the record (DESIGN D4, `local-root`). */
export function localRoot(environment: Readonly<Record<string, string | undefined>>): AuthoritySummary {
  return { kind: 'local-root', by: [whoIsHere(environment)] }
}

/** The person at the keyboard, as far as that is known. */
export function whoIsHere(environment: Readonly<Record<string, string | undefined>>): string {
  const user = environment['SUDO_USER']
  return user === undefined ? 'root at this host' : `${user} (root through sudo)`
}
