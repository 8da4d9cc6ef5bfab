/** `fleetmend-agent apply DIGEST`: carries out a plan that this host made, in a unit of its own, and says how it went. */
import {
  applyText,
  Digest,
  exitCodes,
  outcomeExits,
  problemKinds,
  type ApplyDocument,
  type ApplyReport,
  type ExitCode,
} from '@fleetmend/shared'
import { recordedStart, recordRefusal } from '../audit/on-record.ts'
import { beginApply } from '../execute/begin-apply.ts'
import { jsonOption, printJson, type Command, type Streams } from './define.ts'
import { localRoot, whoIsHere } from './executor-here.ts'
import { reportProblem } from './report-problem.ts'
import { recordLost, showProgress } from './show-progress.ts'
import { startApplyHere } from './start-apply-here.ts'

export const applyCommand: Command = {
  name: 'apply',
  summary: 'Carry out a plan made on this host. Goes on when this terminal is gone.',
  usage: 'apply DIGEST [--json]',
  options: { ...jsonOption },
  words: { min: 1, max: 1 },

  async run(context) {
    const { host, streams, positionals, values } = context
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const allowed = () => ({ ok: true, summary: localRoot(process.env) }) as const
    const recorder = { host, state: state.value }
    const start = recordedStart(startApplyHere, recorder, null)
    const begun = await beginApply(host, state.value, positionals[0] ?? '', allowed, start)
    if (!begun.ok) {
      const plan = Digest.safeParse(positionals[0])
      await recordRefusal(recorder, plan.success ? plan.data : null, null, whoIsHere(process.env), begun.problem)
      return reportProblem(streams, begun.problem)
    }
    const { id } = begun.value
    streams.err(`${streams.paint.dim(`${id} has begun; it goes on if this terminal is closed`)}\n`)

    const canBeUndone = begun.value.plan.plan.changes.length > 0
    const ended = (report: ApplyReport) => {
      const exit = showReport(streams, report, values['json'] === true)
      if (report.outcome === 'fixed' && canBeUndone && !values['json'])
        streams.err(`To undo it:\n    fleetmend-agent rollback ${report.apply}\n`)
      return exit
    }
    const report = await showProgress(streams, state.value, id)
    return report === null ? reportProblem(streams, recordLost('apply', id)) : ended(report)
  },
}

export function showReport(streams: Streams, report: ApplyReport, asJson: boolean): ExitCode {
  if (asJson) printJson(streams, { format: 'fleetmend.apply/1', applies: [report] } satisfies ApplyDocument)
  else streams.out(applyText(report, streams.paint))
  if (report.outcome === null) return exitCodes.internal
  if (report.outcome === 'refused' && report.problem) return problemKinds[report.problem.code].exit
  return outcomeExits[report.outcome]
}
