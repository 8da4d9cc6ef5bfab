/** `fleetmend-agent history`: what was applied on this host, by whom, and what became of it. */
import {
  authorityWords,
  exitCodes,
  outcomePaint,
  problem,
  safeLine,
  timelineText,
  wordsOfOutcome,
  type ApplyDocument,
  type ApplyReport,
} from '@fleetmend/shared'
import { listApplies } from '../state/apply-record.ts'
import { jsonOption, printJson, type Command, type Streams } from './define.ts'
import { reportProblem } from './report-problem.ts'

export const historyCommand: Command = {
  name: 'history',
  summary: 'List what was applied on this host; with an id, tell its story.',
  usage: 'history [APPLY] [--json]',
  options: { ...jsonOption },
  words: { min: 0, max: 1 },

  async run(context) {
    const { streams, positionals, values } = context
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const [id] = positionals
    const all = await listApplies(state.value)
    const applies = id === undefined ? all : all.filter((report) => report.apply === id)
    if (id !== undefined && applies.length === 0) {
      return reportProblem(
        streams,
        problem('unknown-apply', `This host has no apply "${id}". To see those it has:\n    fleetmend-agent history`),
      )
    }
    if (values['json'])
      printJson(streams, { format: 'fleetmend.apply/1', applies: [...applies] } satisfies ApplyDocument)
    else if (applies.length === 0) streams.out('Nothing was applied on this host yet.\n')
    else
      for (const report of applies)
        streams.out(line(report, streams) + (id === undefined ? '' : timelineText(report, streams.paint)))
    return exitCodes.done
  },
}

function line(report: ApplyReport, { paint }: Streams): string {
  const { apply, outcome, phase, remediations, authority, startedAt } = report
  const by = authorityWords(authority)
  const allowed = authority.kind === 'break-glass' ? paint.red(safeLine(by)) : paint.dim(safeLine(by))
  const became =
    outcome === null
      ? paint.yellow(`under way (${phase})`)
      : outcomePaint(outcome, paint)(wordsOfOutcome(outcome, report))
  return `${paint.bold(apply)}  ${startedAt.slice(0, 19).replace('T', ' ')} UTC  ${remediations.join(', ')}  ${became}  ${allowed}\n`
}
