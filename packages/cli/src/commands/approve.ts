/**
 * `fleetmend approve|request|break-glass RUN`: signs what is to be done, with the person's own key. The signature, not the
 * key, is sent.
 */
import { exitCodes, type Run } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import { approving, breakingGlass, requesting, type SignedDeed } from '../approval/signed-deeds.ts'
import { signRun } from '../approval/sign-run.ts'
import type { Cli } from '../cli.ts'
import { consentProblem } from '../consent.ts'
import { printRun } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { withRun } from '../runs/with-run.ts'
import { sayNext } from '../views/next-command.ts'
import { runPlanText } from '../views/run-plan-text.ts'
import { jsonOption, keyOption, runArgument, yesOption } from '../words/target.ts'

export function approveCommand(cli: Cli) {
  return signing('approve')
    .description(
      'Signs a run, so that its hosts let it be done. Shows it first; checks that what is shown is what is signed.',
    )
    .action(cli.action((id, options) => signIt(cli, id, options, approving, approvedBy)))
}

export function requestCommand(cli: Cli) {
  return signing('request')
    .description('Signs that you asked for a run, for hosts that do not count whoever asked. Others approve it.')
    .action(
      cli.action((id, options) =>
        signIt(cli, id, options, requesting, ({ requester }) => `Requested by ${requester}, signed.\n`),
      ),
    )
}

export function breakGlassCommand(cli: Cli) {
  return signing('break-glass')
    .description(
      'Lets a run be done by you alone. Only where the approvers file names you for it; everybody will see it.',
    )
    .requiredOption('--reason <text>', 'Why there is no time for others; signed, and shown wherever the run is.')
    .action(
      cli.action((id, options) =>
        signIt(cli, id, options, breakingGlass(options.reason), ({ breakGlass }) =>
          cli.streams.paint.red(`BREAK-GLASS by ${breakGlass?.principal} alone.\n`),
        ),
      ),
    )
}

function signing(name: string) {
  return new Command(name)
    .argument(...runArgument)
    .option('--digest <digest>', 'Of the manifest, as `plan` printed it; needed where nobody can be asked.')
    .option(...keyOption)
    .option(...yesOption)
    .option(...jsonOption)
}

interface SignOptions {
  readonly digest?: string | undefined
  readonly key?: string | undefined
  readonly yes?: true | undefined
  readonly json?: true | undefined
}

function signIt(cli: Cli, id: string, options: SignOptions, deed: SignedDeed, done: (run: Run) => string) {
  const nobody = consentProblem(cli, options, options.digest === undefined ? '--digest and --yes' : '--yes')
  if (nobody) return Promise.resolve(reportProblem(cli.streams, nobody, options))
  return withRun(cli, id, options, async (view, controller) => {
    if (!options.json && options.digest === undefined) cli.streams.out(runPlanText(view, cli.streams.paint))
    const signed = await signRun(cli, controller, view, deed, options)
    if (!signed.ok) return reportProblem(cli.streams, signed.problem, options)
    if (options.json) printRun(cli.streams, { ...view, run: signed.value })
    else {
      cli.streams.out(done(signed.value))
      sayNext(cli.streams, signed.value)
    }
    return exitCodes.done
  })
}

function approvedBy({ approvals, limits }: Run): string {
  return `Approved by ${approvals.map(({ principal }) => principal).join(', ')} (${approvals.length} of ${limits.approvalsNeeded}).\n`
}
