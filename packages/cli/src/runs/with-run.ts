/** A command's work on a run that a person named by its id, with the run and its documents at hand. */
import type { ExitCode, RunView } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import type { Answer, Controller } from '../connection/controller.ts'
import { withController } from '../connection/with-controller.ts'
import { reportProblem, type Answering } from '../report-problem.ts'
import { readRunId } from '../words/run-id.ts'

export function withRun(
  cli: Cli,
  id: string,
  answering: Answering,
  work: (view: RunView, controller: Controller) => Promise<ExitCode>,
): Promise<ExitCode> {
  return withController(cli, async (controller) => {
    const shown = await showRun(controller, id)
    return shown.ok ? work(shown.value, controller) : reportProblem(cli.streams, shown.problem, answering)
  })
}

async function showRun(controller: Controller, id: string): Promise<Answer<RunView>> {
  const run = readRunId(id)
  return run.ok ? controller.askLong((api) => api.runs.showInParts.subscribe({ run: run.value })) : run
}
