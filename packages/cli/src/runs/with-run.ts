/** A command's work on a run that a person named by its id, with the run and its documents at hand. */
import { problem, RunId, type ExitCode, type RunView } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import type { Answer, Controller } from '../connection/controller.ts'
import { withController } from '../connection/with-controller.ts'
import { reportProblem, type Answering } from '../report-problem.ts'

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
  const run = RunId.safeParse(id)
  if (run.success) return controller.ask((api) => api.runs.show.query({ run: run.data }))
  const says = `${JSON.stringify(id.slice(0, 80))} is not the id of a run, which looks like r-20261121-031455-41bd. To see those there are:\n    fleetmend runs list`
  return { ok: false, problem: problem('unknown-run', says), lost: null }
}
