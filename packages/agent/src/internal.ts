/** Hidden subcommands: what the agent runs itself again for. Each is one small process with one task. */
import {
  internalAnswer,
  internalApply,
  internalInstall,
  internalRecordRenewal,
  internalRecover,
  internalRollback,
  internalSampleTargets,
} from './commands/internal-names.ts'
import type { Host } from './host/host.ts'
import type { StateFolder } from './state/state-folder.ts'
import { runThawChild, thawCommand } from './host/guard-frozen.ts'

type Internal = (args: readonly string[]) => number | Promise<number>

const internals: Readonly<Record<string, Internal>> = {
  [thawCommand]: runThawChild,
  [internalApply]: async ([id = '']) => {
    const { carryOut } = await import('./commands/carry-out.ts')
    return withState((host, state) => carryOut(host, state, id))
  },
  [internalRollback]: async ([id = '']) => {
    const { carryOutRollback } = await import('./commands/carry-out.ts')
    return withState((host, state) => carryOutRollback(host, state, id))
  },
  [internalRecover]: async ([id]) => {
    const { recoverCutOff } = await import('./commands/carry-out.ts')
    return withState((host, state) => recoverCutOff(host, state, id))
  },
  [internalAnswer]: async ([path = '']) => {
    const { answerHere } = await import('./commands/serve-work.ts')
    return withState((host, state) => answerHere(host, state, path))
  },
  [internalRecordRenewal]: async () => {
    const { recordRenewal } = await import('./commands/serve-work.ts')
    return withState((host, state) => recordRenewal(host, state))
  },
  [internalSampleTargets]: async () => {
    const { printSampleTargets } = await import('./commands/serve-work.ts')
    return withState((host, state) => printSampleTargets(host, state))
  },
  // It makes the folder of the agent, or takes it away, so that it cannot be given one.
  [internalInstall]: async () => {
    const [{ installHere }, { thisHost }] = await Promise.all([
      import('./commands/install-here.ts'),
      import('./this-host.ts'),
    ])
    return installHere(thisHost())
  },
}

/** The task that a hidden subcommand names; undefined for everything that people type. */
export function internalTask(command: string | undefined): Internal | undefined {
  return command === undefined ? undefined : internals[command]
}

async function withState(work: (host: Host, state: StateFolder) => Promise<number>): Promise<number> {
  const [{ openOwnState }, { thisHost }] = await Promise.all([import('./own-state.ts'), import('./this-host.ts')])
  const state = await openOwnState()
  if (state.ok) return work(thisHost(), state.value)
  process.stderr.write(`${state.problem.detail}\n`)
  return 1
}
