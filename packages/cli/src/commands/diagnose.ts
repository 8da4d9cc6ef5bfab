/** `fleetmend diagnose`: what is wrong in the fleet, hosts with the same trouble shown once. Changes nothing. */
import { Command } from '@commander-js/extra-typings'
import {
  exitCodes,
  hasFindings,
  safe,
  type DiagnosisDocument,
  type ExitCode,
  type FilesDiagnosisDocument,
} from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson } from '../documents.ts'
import { showLong } from '../pager.ts'
import { reportProblem } from '../report-problem.ts'
import type { Controller } from '../connection/controller.ts'
import { diagnoseFleet, exitOfDiagnoses } from '../runs/diagnose-fleet.ts'
import { diagnoseGivenFiles } from '../runs/diagnose-files.ts'
import { filesDiagnosisText } from '../views/files-diagnosis-text.ts'
import { fleetDiagnosisText } from '../views/fleet-diagnosis-text.ts'
import { overSsh, sshProblem, withSshOptions } from '../words/ssh-options.ts'
import { hostsArgument, jsonOption, selectorOption, siteOption, targetOf } from '../words/target.ts'

export function diagnoseCommand(cli: Cli) {
  const command = new Command('diagnose')
    .description('Says what is wrong, why, and how it knows. Changes nothing.')
    .argument(...hostsArgument)
    .option(...selectorOption)
    .option(...siteOption)
    .option(
      '--files <file...>',
      'Judges files for containers in place of hosts: Kubernetes objects, compose files, configurations they mount.',
    )
    .option('--explain <diagnosis>', 'What a diagnosis means: its page.')
    .option(...jsonOption)
  return withSshOptions(command).action(
    cli.action(async (names, options) => {
      const { explain, files, ssh } = options
      const wrong = sshProblem(options, names, {
        '--selector': options.selector,
        '--files': files,
        '--explain': explain,
      })
      if (wrong) return reportProblem(cli.streams, wrong, options)
      if (ssh) return (await overSsh()).diagnoseOverSsh(cli, ssh, options)
      if (files) return diagnoseFiles(cli, files, options)
      const page = explain === undefined ? null : await pageOfFiles(explain)
      if (page !== null) return show(cli, page)
      return withController(cli, async (controller) => {
        if (explain !== undefined) return explainDiagnosis(cli, controller, explain)
        const diagnosed = await diagnoseFleet(cli, controller, targetOf(names, options), options.site)
        if (!diagnosed.ok) return reportProblem(cli.streams, diagnosed.problem, options)
        const hosts = diagnosed.value
        if (options.json)
          printJson(cli.streams, { format: 'fleetmend.diagnosis/1', hosts: [...hosts] } satisfies DiagnosisDocument)
        else await showLong(cli, fleetDiagnosisText(hosts, cli.streams.paint))
        return exitOfDiagnoses(hosts)
      })
    }),
  )
}

async function diagnoseFiles({ streams }: Cli, names: readonly string[], options: { json?: true }): Promise<ExitCode> {
  const diagnosed = await diagnoseGivenFiles(names)
  if (!diagnosed.ok) return reportProblem(streams, diagnosed.problem, options)
  const diagnosis = diagnosed.value
  if (options.json)
    printJson(streams, { format: 'fleetmend.files-diagnosis/1', ...diagnosis } satisfies FilesDiagnosisDocument)
  else streams.out(filesDiagnosisText(diagnosis, streams.paint))
  return hasFindings(diagnosis) ? exitCodes.findings : exitCodes.done
}

/** Of what is diagnosed here, the page is here, too; other pages are the fleet's. */
async function pageOfFiles(diagnosis: string): Promise<string | null> {
  const { filesDiagnosisPage } = await import('@fleetmend/agent/diagnose-files')
  return filesDiagnosisPage(diagnosis)
}

function show({ streams }: Cli, page: string): ExitCode {
  streams.out(safe(page))
  return exitCodes.done
}

async function explainDiagnosis(cli: Cli, controller: Controller, diagnosis: string): Promise<ExitCode> {
  const page = await controller.ask((api) => api.explain.query({ diagnosis }))
  return page.ok ? show(cli, page.value) : reportProblem(cli.streams, page.problem)
}
