/** Hidden subcommands: what the agent runs itself again for. Each is one small process with one task. */
import type * as carryingOutModule from './commands/carry-out.ts'
import { internalApply, internalRecover, internalRollback } from './commands/internal-names.ts'
import type { Host } from './host/host.ts'
import type { StateFolder } from './state/state-folder.ts'
import { fastCgiCommand, runFastCgiChild } from './host/fastcgi-child.ts'
import { runThawChild, thawCommand } from './host/guard-frozen.ts'
import { runNamespaceChild } from './host/namespace-child.ts'
import { namespaceCommand } from './host/private-namespace.ts'

type Internal = (args: readonly string[]) => number | Promise<number>
type CarryingOut = typeof carryingOutModule

const internals: Readonly<Record<string, Internal>> = {
  [namespaceCommand]: runNamespaceChild,
  [fastCgiCommand]: runFastCgiChild,
  [thawCommand]: runThawChild,
  [internalApply]: ([id = '']) => withState(({ carryOut }, host, state) => carryOut(host, state, id)),
  [internalRollback]: ([id = '']) =>
    withState(({ carryOutRollback }, host, state) => carryOutRollback(host, state, id)),
  [internalRecover]: ([id]) => withState(({ recoverCutOff }, host, state) => recoverCutOff(host, state, id)),
}

/** The task that a hidden subcommand names; undefined for everything that people type. */
export function internalTask(command: string | undefined): Internal | undefined {
  return command === undefined ? undefined : internals[command]
}

type Work = (carryingOut: CarryingOut, host: Host, state: StateFolder) => Promise<number>

async function withState(work: Work): Promise<number> {
  const [carryingOut, { openOwnState, thisHost }] = await Promise.all([
    import('./commands/carry-out.ts'),
    import('./this-host.ts'),
  ])
  const state = await openOwnState()
  if (state.ok) return work(carryingOut, thisHost(), state.value)
  process.stderr.write(`${state.problem.detail}\n`)
  return 1
}
