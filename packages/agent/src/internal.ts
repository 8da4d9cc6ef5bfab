/** Hidden subcommands: what the agent runs itself again for. Each is one small process with one task. */
import { problem, type Problem } from '@fleetmend/shared'
import { carryOut, carryOutRollback, recoverCutOff } from './commands/carry-out.ts'
import { internalApply, internalRecover, internalRollback } from './commands/internal-names.ts'
import { fastCgiCommand, runFastCgiChild } from './host/fastcgi-child.ts'
import { runThawChild, thawCommand } from './host/guard-frozen.ts'
import { runNamespaceChild } from './host/namespace-child.ts'
import { linuxHost } from './host/linux-host.ts'
import { namespaceCommand } from './host/private-namespace.ts'
import { runningSelf } from './host/self.ts'
import { ownHostId } from './state/host-id.ts'
import { enrolledName } from './state/identity.ts'
import { openStateFolder, productionStateRoot, type StateFolder } from './state/state-folder.ts'

type Internal = (args: readonly string[]) => number | Promise<number>

const internals: Readonly<Record<string, Internal>> = {
  [namespaceCommand]: runNamespaceChild,
  [fastCgiCommand]: runFastCgiChild,
  [thawCommand]: runThawChild,
  [internalApply]: ([id = '']) => withState((state) => carryOut(thisHost(), state, id)),
  [internalRollback]: ([id = '']) => withState((state) => carryOutRollback(thisHost(), state, id)),
  [internalRecover]: ([id]) => withState((state) => recoverCutOff(thisHost(), state, id)),
}

/** The task that a hidden subcommand names; undefined for everything that people type. */
export function internalTask(command: string | undefined): Internal | undefined {
  return command === undefined ? undefined : internals[command]
}

export function thisHost() {
  return linuxHost(ownHostId(enrolledName()), runningSelf())
}

export async function openOwnState(): Promise<
  { readonly ok: true; readonly value: StateFolder } | { readonly ok: false; readonly problem: Problem }
> {
  const opened = await openStateFolder(productionStateRoot)
  return opened.ok ? opened : { ok: false, problem: problem('apply-not-possible', opened.says) }
}

async function withState(work: (state: StateFolder) => Promise<number>): Promise<number> {
  const state = await openOwnState()
  if (state.ok) return work(state.value)
  process.stderr.write(`${state.problem.detail}\n`)
  return 1
}
