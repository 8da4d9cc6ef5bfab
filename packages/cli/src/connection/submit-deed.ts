/**
 * What a person does to a run, done once: where the answer got lost, the run is asked first whether the deed arrived, and
 * only a run that knows nothing of it is told again.
 */
import type { Run, RunId } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import type { Answer, Api, Controller } from './controller.ts'
import { isLost, persistence } from './persist.ts'

export interface Deed {
  readonly run: RunId
  submit(api: Api): Promise<Run>
  /** Whether the run shows that the deed arrived. */
  arrived(run: Run): boolean
}

export async function submitDeed(
  cli: Pick<Cli, 'patience' | 'streams' | 'nowMs'>,
  controller: Controller,
  deed: Deed,
): Promise<Answer<Run>> {
  const waiting = persistence(cli)
  let mayHaveArrived = false
  for (;;) {
    const answer: Answer<Run> = mayHaveArrived
      ? await controller.askLong((api) => api.runs.showInParts.subscribe({ run: deed.run })).then(runOf)
      : await controller.ask((api) => deed.submit(api))
    if (isLost(answer)) {
      mayHaveArrived ||= answer.lost === 'unknown'
      // Nothing was begun where nobody was there from the start.
      if (!mayHaveArrived || !(await waiting.again())) return answer
    } else if (!mayHaveArrived || !answer.ok || deed.arrived(answer.value)) return answer
    else mayHaveArrived = false
  }
}

function runOf(answer: Answer<{ readonly run: Run }>): Answer<Run> {
  return answer.ok ? { ok: true, value: answer.value.run } : answer
}
