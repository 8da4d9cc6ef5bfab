/** What carrying out a plan needs: the door to the machine, the agent's folder, and the eyes that found the fault. */
import type { HostDiagnosis } from '@fleetmend/shared'
import type { Host, ProcessIdentity } from '../host/host.ts'
import type { StateFolder } from '../state/state-folder.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import type { Discretion } from './discretion.ts'

export interface Executor {
  readonly host: Host
  readonly state: StateFolder
  /** The process that does the work: it holds the lock, and when it is gone the lock is nobody's. */
  readonly self: ProcessIdentity
  /** Everything that is written down about an apply passes here. */
  readonly discretion: Discretion
  look(): Promise<HostFacts>
  diagnose(facts: HostFacts): HostDiagnosis
}
