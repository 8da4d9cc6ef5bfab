/** The id of a run, as a person types it. */
import { problem, RunId, type Problem } from '@fleetmend/shared'

export type RunIdRead =
  | { readonly ok: true; readonly value: RunId }
  | { readonly ok: false; readonly problem: Problem; readonly lost: null }

export function readRunId(text: string): RunIdRead {
  const run = RunId.safeParse(text)
  if (run.success) return { ok: true, value: run.data }
  const says = `${JSON.stringify(text.slice(0, 80))} is not the id of a run, which looks like r-20261121-031455-41bd. To see those there are:\n    fleetmend runs list`
  return { ok: false, problem: problem('unknown-run', says), lost: null }
}
