/** The agent's own folder on this machine. */
import type { Problem } from '@fleetmend/shared'
import { problem } from '@fleetmend/shared/problems'
import { openStateFolder, type StateFolder } from './state/state-folder.ts'
import { productionStateRoot } from './state/state-paths.ts'

export type OwnState =
  | { readonly ok: true; readonly value: StateFolder }
  | { readonly ok: false; readonly problem: Problem }

export async function openOwnState(): Promise<OwnState> {
  const opened = await openStateFolder(productionStateRoot)
  return opened.ok ? opened : { ok: false, problem: problem('apply-not-possible', opened.says) }
}
