/** This machine and the agent's own folder on it, as every task of the agent gets them. */
import { problem, type Problem } from '@fleetmend/shared'
import { linuxHost } from './host/linux-host.ts'
import { runningSelf } from './host/self.ts'
import { ownHostId } from './state/host-id.ts'
import { enrolledName } from './state/identity.ts'
import { openStateFolder, productionStateRoot, type StateFolder } from './state/state-folder.ts'

export function thisHost() {
  return linuxHost(ownHostId(enrolledName()), runningSelf())
}

export async function openOwnState(): Promise<
  { readonly ok: true; readonly value: StateFolder } | { readonly ok: false; readonly problem: Problem }
> {
  const opened = await openStateFolder(productionStateRoot)
  return opened.ok ? opened : { ok: false, problem: problem('apply-not-possible', opened.says) }
}
