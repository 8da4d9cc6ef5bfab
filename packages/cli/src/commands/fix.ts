/** `fleetmend fix`: diagnose → plan → approve → apply → verify in one go, asking before each step that somebody may mind. */
import { Command } from '@commander-js/extra-typings'
import { exitCodes, hasFindings, type ExitCode } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import type { Controller } from '../connection/controller.ts'
import { withController } from '../connection/with-controller.ts'
import { consentProblem, consents } from '../consent.ts'
import { printJson } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { approveAndCarryOut, type ApprovingOptions } from '../runs/approve-and-carry-out.ts'
import { diagnoseFleet, exitOfDiagnoses } from '../runs/diagnose-fleet.ts'
import { planRun } from '../runs/plan-run.ts'
import { fleetDiagnosisText } from '../views/fleet-diagnosis-text.ts'
import { runPlanText } from '../views/run-plan-text.ts'
import { withRunOptions, type RunOptions } from '../words/run-options.ts'
import { overSsh, sshProblem, withSshOptions, wordsOfRuns } from '../words/ssh-options.ts'
import {
  grantOption,
  hostsArgument,
  jsonlOption,
  jsonOption,
  keyOption,
  selectorOption,
  targetOf,
  yesOption,
  type Target,
} from '../words/target.ts'

export function fixCommand(cli: Cli) {
  const command = new Command('fix')
    .description('Diagnoses, plans, asks for your approval, applies with a canary first, and verifies.')
    .argument(...hostsArgument)
    .option(...selectorOption)
    .option(...keyOption)
    .option(...grantOption)
    .option(...yesOption)
    .option(...jsonOption)
    .option(...jsonlOption)
  return withSshOptions(withRunOptions(command)).action(
    cli.action(async (names, options) => {
      const { ssh, selector, key, grant } = options
      const fleets = { '--selector': selector, '--key': key, '--grant': grant, ...wordsOfRuns(options) }
      const wrong = sshProblem(options, names, fleets)
      if (wrong) return reportProblem(cli.streams, wrong, options)
      if (ssh) return (await overSsh()).fixOverSsh(cli, ssh, options)
      const nobody = consentProblem(cli, options, '--yes')
      if (nobody) return reportProblem(cli.streams, nobody, options)
      return withController(cli, (controller) => fix(cli, controller, targetOf(names, options), options))
    }),
  )
}

interface FixOptions extends RunOptions, ApprovingOptions {
  readonly jsonl?: true | undefined
}

async function fix(cli: Cli, controller: Controller, target: Target, options: FixOptions): Promise<ExitCode> {
  const { streams } = cli
  const isForPeople = !options.json && !options.jsonl
  const diagnosed = await diagnoseFleet(cli, controller, target)
  if (!diagnosed.ok) return reportProblem(streams, diagnosed.problem, options)
  if (isForPeople) streams.out(fleetDiagnosisText(diagnosed.value, streams.paint))
  if (options.do === undefined && !diagnosed.value.some(hasFindings)) {
    if (options.json) printJson(streams, { format: 'fleetmend.diagnosis/1', hosts: diagnosed.value })
    streams.err('Nothing to repair.\n')
    return exitOfDiagnoses(diagnosed.value)
  }
  if (!(await consents(cli, 'Plan the repair?', options)))
    return declined(cli, 'Nothing was planned, nothing was done.')

  const planned = await planRun(cli, controller, target, options)
  if (!planned.ok) return reportProblem(streams, planned.problem, options)
  if (isForPeople) streams.out(`\n${runPlanText(planned.value, streams.paint)}`)
  return approveAndCarryOut(cli, controller, planned.value, options)
}

function declined({ streams }: Cli, says: string): ExitCode {
  streams.err(`${says}\n`)
  return exitCodes.refused
}
