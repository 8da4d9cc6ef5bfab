/** From a digest to an apply that runs: admitted, and begun in a unit of its own, whoever asked for it. */
import type { ApplyId, Problem } from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import type { ApplyRecord } from '../state/apply-record.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { admit, withdraw, type Authorise } from './admit.ts'
import type { Started } from './apply-unit.ts'

export type StartApply = (id: ApplyId) => Promise<Started>

export async function beginApply(
  host: ReadHost,
  state: StateFolder,
  digest: string,
  authorise: Authorise,
  start: StartApply,
): Promise<{ readonly ok: true; readonly value: ApplyRecord } | { readonly ok: false; readonly problem: Problem }> {
  const admitted = await admit(host, state, digest, authorise)
  if (!admitted.ok) return admitted
  const started = await start(admitted.value.id)
  if (started.ok) return admitted
  await withdraw(host, admitted.value, started.problem)
  return started
}
