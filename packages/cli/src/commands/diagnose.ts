/** `fleetmend diagnose`: what is wrong in the fleet, hosts with the same trouble shown once. Changes nothing. */
import { Command } from '@commander-js/extra-typings'
import { exitCodes, safe, type DiagnosisDocument, type ExitCode } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import type { Controller } from '../connection/controller.ts'
import { diagnoseFleet, exitOfDiagnoses } from '../runs/diagnose-fleet.ts'
import { fleetDiagnosisText } from '../views/fleet-diagnosis-text.ts'
import { hostsArgument, jsonOption, selectorOption, siteOption, targetOf } from '../words/target.ts'

export function diagnoseCommand(cli: Cli) {
  return new Command('diagnose')
    .description('Says what is wrong, why, and how it knows. Changes nothing.')
    .argument(...hostsArgument)
    .option(...selectorOption)
    .option(...siteOption)
    .option('--explain <diagnosis>', 'What a diagnosis means: its page.')
    .option(...jsonOption)
    .action(
      cli.action((names, options) =>
        withController(cli, async (controller) => {
          const { explain } = options
          if (explain !== undefined) return explainDiagnosis(cli, controller, explain)
          const diagnosed = await diagnoseFleet(cli, controller, targetOf(names, options), options.site)
          if (!diagnosed.ok) return reportProblem(cli.streams, diagnosed.problem, options)
          const hosts = diagnosed.value
          if (options.json)
            printJson(cli.streams, { format: 'fleetmend.diagnosis/1', hosts: [...hosts] } satisfies DiagnosisDocument)
          else cli.streams.out(fleetDiagnosisText(hosts, cli.streams.paint))
          return exitOfDiagnoses(hosts)
        }),
      ),
    )
}

async function explainDiagnosis({ streams }: Cli, controller: Controller, diagnosis: string): Promise<ExitCode> {
  const page = await controller.ask((api) => api.explain.query({ diagnosis }))
  if (!page.ok) return reportProblem(streams, page.problem)
  streams.out(safe(page.value))
  return exitCodes.done
}
