/** `fleetmend plan`: asks hosts what they would do, and shows it as diffs. Begins a run that waits for approval. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { reportProblem } from '../report-problem.ts'
import { leaveAtPlan } from '../runs/leave-at-plan.ts'
import { planRun } from '../runs/plan-run.ts'
import { withRunOptions } from '../words/run-options.ts'
import { overSsh, sshProblem, withSshOptions, wordsOfRuns } from '../words/ssh-options.ts'
import { hostsArgument, jsonlOption, jsonOption, selectorOption, targetOf } from '../words/target.ts'

export function planCommand(cli: Cli) {
  const command = new Command('plan')
    .description('Shows what would be done, as diffs, with what it disturbs. Nothing is done before somebody approves.')
    .argument(...hostsArgument)
    .option(...selectorOption)
    .option(...jsonOption)
    .option(...jsonlOption)
  return withSshOptions(withRunOptions(command)).action(
    cli.action(async (names, options) => {
      const { ssh, selector } = options
      const isNamed = ssh !== undefined && names.length === 1 && options.do === undefined
      const fleets = { '--selector': selector, ...wordsOfRuns(options) }
      const wrong = sshProblem(options, isNamed ? [] : names, fleets)
      if (wrong) return reportProblem(cli.streams, wrong, options)
      // With hosts of their own after --ssh, the word that is left is what is to be done.
      if (ssh) return (await overSsh()).planOverSsh(cli, ssh, { ...options, do: options.do ?? names[0] })
      return withController(cli, async (controller) => {
        const planned = await planRun(cli, controller, targetOf(names, options), options)
        if (!planned.ok) return reportProblem(cli.streams, planned.problem, options)
        return leaveAtPlan(cli, planned.value, options)
      })
    }),
  )
}
