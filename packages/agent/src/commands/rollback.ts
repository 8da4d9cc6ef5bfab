/** `fleetmend-agent rollback APPLY`: puts back what an apply changed, in a unit of its own, unless somebody edited it since. */
import { beginRollback } from '../execute/begin-rollback.ts'
import { rollbackAnswer } from '../execute/roll-back-apply.ts'
import { openApplyRecord } from '../state/apply-record.ts'
import { showReport } from './apply.ts'
import { jsonOption, type Command } from './define.ts'
import { executorHere, localRoot } from './executor-here.ts'
import { reportProblem } from './report-problem.ts'
import { recordLost, showProgress } from './show-progress.ts'
import { startRollbackHere } from './start-apply-here.ts'

export const rollbackCommand: Command = {
  name: 'rollback',
  summary: 'Put back what an apply changed on this host. Goes on when this terminal is gone.',
  usage: 'rollback APPLY [--json]',
  options: { ...jsonOption },
  words: { min: 1, max: 1 },

  async run(context) {
    const { host, streams, positionals, values } = context
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const executor = await executorHere(host, state.value)
    const begun = await beginRollback(executor, positionals[0] ?? '', localRoot(process.env), startRollbackHere)
    if (!begun.ok) return reportProblem(streams, begun.problem)
    const { id, seen } = begun.value
    streams.err(`${streams.paint.dim(`The rollback of ${id} has begun; it goes on if this terminal is closed`)}\n`)

    const last = await showProgress(streams, state.value, id, seen)
    if (last === null) return reportProblem(streams, recordLost('rollback', id))
    const record = await openApplyRecord(state.value, id)
    if (!record.ok) return reportProblem(streams, record.problem)
    const answer = rollbackAnswer(record.value)
    return answer.ok
      ? showReport(streams, answer.report, values['json'] === true)
      : reportProblem(streams, answer.problem)
  },
}
