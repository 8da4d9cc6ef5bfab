/**
 * Begins a run once: with a key by which the controller knows the request again. Where the answer got lost, the same is
 * asked again, and what comes is the run that the first request began, if it arrived.
 */
import { randomUUID } from 'node:crypto'
import type { Run } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import type { Answer, Api, Controller } from './controller.ts'
import { isLost, persistence } from './persist.ts'

export async function startOnce(
  cli: Pick<Cli, 'patience' | 'streams' | 'nowMs'>,
  controller: Controller,
  start: (api: Api, key: string) => Promise<Run>,
): Promise<Answer<Run>> {
  const key = randomUUID()
  const waiting = persistence(cli)
  let mayHaveBegun = false
  for (;;) {
    const answer = await controller.ask((api) => start(api, key))
    if (!isLost(answer)) return answer
    mayHaveBegun ||= answer.lost === 'unknown'
    // Nothing was begun where nobody was there from the start.
    if (!mayHaveBegun || !(await waiting.again())) return answer
  }
}
