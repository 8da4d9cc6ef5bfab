/** The work behind `apply` and `rollback`, in a process of its own: doing it, and finishing what was cut off. */
import { ApplyId, exitCodes, type ApplyReport } from '@fleetmend/shared'
import { apply } from '../execute/apply.ts'
import { recover } from '../execute/recover.ts'
import { rollBackApply } from '../execute/roll-back-apply.ts'
import type { Host } from '../host/host.ts'
import { keepLastGood } from '../keep-last-good.ts'
import { openApplyRecord, type ApplyRecord } from '../state/apply-record.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { executorHere } from './executor-here.ts'

export async function carryOut(host: Host, state: StateFolder, id: string): Promise<number> {
  const record = await openApplyRecord(state, id)
  if (!record.ok) return complain(record.problem.detail)
  const report = await apply(await executorHere(host, state), record.value)
  if (report.outcome === 'fixed') for (const failure of await keepWhatIsFixed(host, state, id)) complain(failure)
  return tellIfStuck(report)
}

/** Its files may have been written just before they were loaded: the journal knows which came first. */
async function keepWhatIsFixed(host: Host, state: StateFolder, id: string): Promise<readonly string[]> {
  const done = await openApplyRecord(state, id)
  return done.ok ? keepLastGood(host, state, toldBy(done.value)) : []
}

function toldBy({ plan, journal }: ApplyRecord): ReadonlyMap<string, number> {
  return new Map(
    plan.plan.acts.flatMap((act, index) => {
      const begun = journal.entries.find((each) => each.entry === 'acting' && each.act === index)
      return begun && 'service' in act && act.act !== 'reset-failed'
        ? [[act.service, Date.parse(begun.at)] as const]
        : []
    }),
  )
}

export async function carryOutRollback(host: Host, state: StateFolder, id: string): Promise<number> {
  const apply = ApplyId.safeParse(id)
  if (!apply.success) return complain(`"${id}" is not the id of an apply`)
  const rolledBack = await rollBackApply(await executorHere(host, state), apply.data)
  return rolledBack.ok ? tellIfStuck(rolledBack.report) : complain(rolledBack.problem.detail)
}

/** Into the log of its unit: where the record was lost, the steps for a person stand nowhere else. */
function tellIfStuck({ outcome, problem }: ApplyReport): number {
  return outcome === 'stuck' && problem ? complain(problem.detail) : exitCodes.done
}

/** One apply by id, or every open one: at boot, and after an apply's own unit has ended. */
export async function recoverCutOff(host: Host, state: StateFolder, id: string | undefined): Promise<number> {
  const only = id === undefined ? undefined : ApplyId.safeParse(id)
  if (only?.success === false) return complain(`"${id}" is not the id of an apply`)
  const recovered = await recover(await executorHere(host, state), only?.data)
  const stuck = recovered.filter((each) => each.is === 'stuck' || each.is === 'waiting')
  return stuck.length === 0
    ? exitCodes.done
    : complain(stuck.map((each) => `${each.apply}: ${'says' in each ? each.says : ''}`).join('\n'))
}

function complain(says: string): number {
  process.stderr.write(`${says}\n`)
  return exitCodes.someFailed
}
