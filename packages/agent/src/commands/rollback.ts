/** `fleetmend-agent rollback APPLY`: puts back what an apply changed, unless somebody edited it since. */
import { rollBackApply } from '../execute/roll-back-apply.ts'
import { openApplyRecord } from '../state/apply-record.ts'
import { showReport } from './apply.ts'
import { jsonOption, type Command } from './define.ts'
import { executorHere, localRoot } from './executor-here.ts'
import { reportProblem } from './report-problem.ts'

export const rollbackCommand: Command = {
  name: 'rollback',
  summary: 'Put back what an apply changed on this host.',
  usage: 'rollback APPLY [--json]',
  options: { ...jsonOption },
  words: { min: 1, max: 1 },

  async run(context) {
    const { host, streams, positionals, values } = context
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const record = await openApplyRecord(state.value, positionals[0] ?? '')
    if (!record.ok) return reportProblem(streams, record.problem)
    const rolledBack = await rollBackApply(await executorHere(host, state.value), record.value, localRoot(process.env))
    if (!rolledBack.ok) return reportProblem(streams, rolledBack.problem)
    return showReport(streams, rolledBack.report, values['json'] === true)
  },
}
