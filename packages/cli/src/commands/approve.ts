/** `fleetmend approve RUN`: signs what is to be done, with the approver's own key. The signature, not the key, is sent. */
import { exitCodes } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import { approveRun } from '../approval/approve-run.ts'
import { defaultKey } from '../approval/sign.ts'
import type { Cli } from '../cli.ts'
import { consentProblem } from '../consent.ts'
import { printRun } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { withRun } from '../runs/with-run.ts'
import { sayNext } from '../views/next-command.ts'
import { runPlanText } from '../views/run-plan-text.ts'
import { jsonOption, keyOption, runArgument, yesOption } from '../words/target.ts'

export function approveCommand(cli: Cli) {
  return new Command('approve')
    .description(
      'Signs a run, so that its hosts let it be done. Shows it first; checks that what is shown is what is signed.',
    )
    .argument(...runArgument)
    .option('--digest <digest>', 'Of the manifest, as `plan` printed it; needed where nobody can be asked.')
    .option(...keyOption)
    .option(...yesOption)
    .option(...jsonOption)
    .action(
      cli.action(async (id, options) => {
        const nobody = consentProblem(cli, options, options.digest === undefined ? '--digest and --yes' : '--yes')
        if (nobody) return reportProblem(cli.streams, nobody, options)
        return withRun(cli, id, options, async (view, controller) => {
          if (!options.json && options.digest === undefined) cli.streams.out(runPlanText(view, cli.streams.paint))
          const key = options.key ?? defaultKey(cli.environment)
          const approved = await approveRun(cli, controller, view, { ...options, key })
          if (!approved.ok) return reportProblem(cli.streams, approved.problem, options)
          const { approvals, limits } = approved.value
          if (options.json) printRun(cli.streams, { ...view, run: approved.value })
          else
            cli.streams.out(
              `Approved by ${approvals.map(({ principal }) => principal).join(', ')} (${approvals.length} of ${limits.approvalsNeeded}).\n`,
            )
          if (!options.json) sayNext(cli.streams, approved.value)
          return exitCodes.done
        })
      }),
    )
}
