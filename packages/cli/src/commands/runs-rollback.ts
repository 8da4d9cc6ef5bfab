/** `fleetmend runs rollback RUN`: puts back what a run changed, as a run of its own with plans that somebody approves. */
import { Command } from '@commander-js/extra-typings'
import { whoAsks, type Cli } from '../cli.ts'
import type { Api } from '../connection/controller.ts'
import { startOnce } from '../connection/start-once.ts'
import { withController } from '../connection/with-controller.ts'
import { consentProblem } from '../consent.ts'
import { reportProblem } from '../report-problem.ts'
import { approveAndCarryOut } from '../runs/approve-and-carry-out.ts'
import { leaveAtPlan } from '../runs/leave-at-plan.ts'
import { paceOf, plannedRun } from '../runs/plan-run.ts'
import { runPlanText } from '../views/run-plan-text.ts'
import { readRunId } from '../words/run-id.ts'
import { withPaceOptions, type PaceOptions } from '../words/run-options.ts'
import {
  grantOption,
  jsonlOption,
  jsonOption,
  keyOption,
  runArgument,
  selectorOption,
  targetOf,
  yesOption,
} from '../words/target.ts'

export function runsRollbackCommand(cli: Cli) {
  const command = withPaceOptions(
    new Command('rollback')
      .description(
        'Puts back what a run changed: a new run, planned, shown as diffs, approved and applied with a canary first. It goes as that run did, where nothing else is said.',
      )
      .argument(...runArgument)
      .argument('[host...]', 'Hosts by name; none: all that it changed.')
      .option(...selectorOption)
      .option('--plan-only', 'Leaves it waiting for approval: somebody else approves, or later.')
      .option(...keyOption)
      .option(...grantOption)
      .option(...yesOption)
      .option(...jsonOption)
      .option(...jsonlOption),
  )
  for (const option of command.options)
    if (option.defaultValue !== undefined) option.default(option.defaultValue, 'as in that run')
  return command.action(
    cli.action(async (id, names, options) => {
      const { streams } = cli
      const run = readRunId(id)
      if (!run.ok) return reportProblem(streams, run.problem, options)
      const nobody = options.planOnly
        ? null
        : consentProblem(cli, options, '--yes, or leave it at the plan with --plan-only')
      if (nobody) return reportProblem(streams, nobody, options)
      const isSaid = (name: keyof PaceOptions) => command.getOptionValueSource(name) === 'cli'
      return withController(cli, async (controller) => {
        const started = await startOnce(cli, controller, (api, key) =>
          api.runs.rollback.mutate({
            key,
            run: run.value,
            by: whoAsks(cli),
            target: targetOf(names, options),
            ...changesOf(options, isSaid),
          }),
        )
        if (!started.ok) return reportProblem(streams, started.problem, options)
        const planned = await plannedRun(cli, controller, started.value, options)
        if (!planned.ok) return reportProblem(streams, planned.problem, options)
        if (options.planOnly) return leaveAtPlan(cli, planned.value, options)
        if (!options.json && !options.jsonl) streams.out(runPlanText(planned.value, streams.paint))
        return approveAndCarryOut(cli, controller, planned.value, options)
      })
    }),
  )
}

type Changes = Pick<
  Parameters<Api['runs']['rollback']['mutate']>[0],
  'reason' | 'watchMs' | 'waves' | 'limits' | 'terms'
>

/** Only what was said: everything else is as in the run that is put back. */
function changesOf(options: PaceOptions, isSaid: (name: keyof PaceOptions) => boolean): Changes {
  const { waves, limits, terms } = paceOf(options)
  const { canaryHosts, batchHosts, ...otherWaves } = waves
  const { stopAtFailures, groupsAtOnce, approvalsNeeded: _, ...otherLimits } = limits
  const { reason, watch } = options
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(watch === undefined ? {} : { watchMs: watch * 1000 }),
    waves: {
      ...otherWaves,
      ...(isSaid('canary') ? { canaryHosts } : {}),
      ...(isSaid('batch') ? { batchHosts } : {}),
    },
    limits: {
      ...otherLimits,
      ...(isSaid('maxFailed') ? { stopAtFailures } : {}),
      ...(isSaid('groups') ? { groupsAtOnce } : {}),
    },
    ...(terms ? { terms } : {}),
  }
}
