/** A run with its documents, asked for by an id that a person typed. */
import { problem, RunId, type RunView } from '@fleetmend/shared'
import type { Answer, Controller } from '../connection/controller.ts'

export async function showRun(controller: Controller, id: string): Promise<Answer<RunView>> {
  const run = RunId.safeParse(id)
  if (run.success) return controller.ask((api) => api.runs.show.query({ run: run.data }))
  const says = `${JSON.stringify(id.slice(0, 80))} is not the id of a run, which looks like r-20261121-031455-41bd. To see those there are:\n    fleetmend runs list`
  return { ok: false, problem: problem('unknown-run', says), lost: null }
}
