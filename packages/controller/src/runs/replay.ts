/** A run rebuilt from its events: the proof that the snapshot in the store is what the history says. Pure. */
import type { Run } from '@fleetmend/shared'
import type { RunEvent } from './run-event.ts'
import { begin, transition } from './transition.ts'

/** Only events that were recorded go in, so each of them must fit. */
export function replay([started, ...events]: readonly RunEvent[]): Run {
  if (started?.type !== 'started')
    throw new Error('The history of a run does not begin with its start. This is a bug, or the history was changed.')
  return events.reduce((run, event) => {
    const step = transition(run, event)
    if (!step.ok)
      throw new Error(
        `Event ${event.type} does not fit the history: ${step.problem.detail} This is a bug, or the history was changed.`,
      )
    return step.run
  }, begin(started).run)
}
