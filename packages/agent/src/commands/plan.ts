/** `fleetmend-agent plan`: what would be done, as a diff, with what it disturbs. Changes nothing but the agent's own store. */
import {
  exitCodes,
  planText,
  problem,
  type ExitCode,
  type PlanAnswer,
  type PlanDocument,
  type SuggestedRemediation,
} from '@fleetmend/shared'
import { recordPlan } from '../audit/on-record.ts'
import { planOnHost } from '../plan-on-host.ts'
import { inputFromWords } from '../remediations/read-input.ts'
import { remediations } from '../remediations/registry.ts'
import { runsSystemd } from '../survey/runs-systemd.ts'
import { jsonOption, printJson, type Command, type CommandContext, type Streams } from './define.ts'
import { whoIsHere } from './executor-here.ts'
import { reportProblem } from './report-problem.ts'

export const planCommand: Command = {
  name: 'plan',
  summary: 'Show what a remediation would do here: the diff, the checks, what it disturbs. Changes nothing.',
  usage:
    'plan ID [--input k=v …] | plan --for-findings [--risks]   [--start-stopped] [--watch SECONDS] [--json] | plan --explain ID',
  options: {
    input: { type: 'string', multiple: true },
    'for-findings': { type: 'boolean' },
    explain: { type: 'string' },
    risks: { type: 'boolean' },
    'start-stopped': { type: 'boolean' },
    site: { type: 'string' },
    watch: { type: 'string' },
    ...jsonOption,
  },
  words: { min: 0, max: 1 },

  async run(context) {
    const { host, streams, values, positionals } = context
    if (typeof values['explain'] === 'string') return explainRemediation(streams, values['explain'])
    const want = wanted(context)
    if (typeof want === 'number') return want
    const watchS = values['watch'] === undefined ? undefined : Number(values['watch'])
    if (watchS !== undefined && !(watchS >= 0 && watchS <= 3600)) {
      return reportProblem(streams, problem('bad-input', '--watch takes seconds, from 0 to 3600.'))
    }
    const state = await context.state()
    if (!state.ok) return reportProblem(streams, state.problem)
    const answer = await planOnHost(host, state.value, {
      want,
      alsoRisks: values['risks'] === true,
      startStopped: values['start-stopped'] === true,
      ...(typeof values['site'] === 'string' ? { site: values['site'] } : {}),
      ...(watchS === undefined ? {} : { watchMs: watchS * 1000 }),
    })
    if (answer.kind === 'planned') await recordPlan({ host, state: state.value }, answer.record, whoIsHere(process.env))
    return show(context, answer, positionals[0], await runsSystemd(host))
  },
}

function wanted({
  positionals,
  values,
  streams,
}: CommandContext): readonly SuggestedRemediation[] | 'for-findings' | ExitCode {
  const [id] = positionals
  if (values['for-findings'] && id === undefined) return 'for-findings'
  if (id === undefined || values['for-findings']) {
    return reportProblem(
      streams,
      problem('usage', `Name one remediation, or say --for-findings. There are:\n\n${known}`),
    )
  }
  const remediation = remediations.find((each) => each.id === id)
  if (!remediation) return unknownRemediation(streams, id)
  const words = (values['input'] ?? []) as string[]
  const read = inputFromWords(remediation, words)
  if (!read.ok) return reportProblem(streams, problem('bad-input', read.says))
  return [{ id, input: read.input }]
}

const known = remediations.map((each) => `    ${each.id.padEnd(26)} ${each.title}`).join('\n')

function unknownRemediation(streams: Streams, id: string): ExitCode {
  const says = `There is no remediation ${JSON.stringify(id)}. There are:\n\n${known}`
  return reportProblem(streams, problem('unknown-remediation', says))
}

async function explainRemediation(streams: Streams, id: string): Promise<ExitCode> {
  const remediation = remediations.find((each) => each.id === id)
  if (!remediation) return unknownRemediation(streams, id)
  const [{ remediationPage }, { diagnoses }] = await Promise.all([
    import('../views/remediation-page.ts'),
    import('../diagnoses/registry.ts'),
  ])
  streams.out(remediationPage(remediation, diagnoses))
  return exitCodes.done
}

function show(
  { streams, values, host }: CommandContext,
  answer: PlanAnswer,
  id: string | undefined,
  canApply: boolean,
): ExitCode {
  if (values['json']) printJson(streams, documentOf(host.id, answer))
  switch (answer.kind) {
    case 'planned':
      if (!values['json']) {
        streams.out(`${planText(answer.record, streams.paint)}\n`)
        streams.err(
          canApply
            ? `To carry it out:\n    fleetmend-agent apply ${answer.record.digest}\n`
            : 'Nothing here can carry it out (no systemd runs this host): write it by hand.\n',
        )
      }
      return exitCodes.findings
    case 'nothing-to-do':
      if (!values['json']) streams.out(`Nothing to do. ${answer.because}\n`)
      return exitCodes.done
    case 'refused':
      if (!values['json'])
        streams.err(
          `${streams.paint.red(`Cannot plan${id === undefined ? '' : ` ${id}`}`)}\n  ${answer.because}\n  ${answer.toDo}\n`,
        )
      return exitCodes.refused
  }
}

function documentOf(host: string, answer: PlanAnswer): PlanDocument {
  if (answer.kind === 'planned') return { format: 'fleetmend.plan/1', plans: [answer.record], without: [] }
  const without =
    answer.kind === 'refused' ? { host, because: answer.because, toDo: answer.toDo } : { host, because: answer.because }
  return { format: 'fleetmend.plan/1', plans: [], without: [without] }
}
