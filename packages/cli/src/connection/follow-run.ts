/** News of a run until it has ended, however often the controller goes away meanwhile: no event is lost or told twice. */
import { hasEnded, type Problem, type RunId, type RunNews, type RunState } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import type { Controller } from './controller.ts'
import { persistence } from './persist.ts'

/**
 * `from`: its whole story, or how it stands now and what happens from there. Returns null when the run has ended, or why it
 * could not be followed to its end.
 */
export async function* followRun(
  cli: Pick<Cli, 'patience' | 'streams' | 'nowMs'>,
  controller: Controller,
  run: RunId,
  from: 'its-beginning' | 'now',
): AsyncGenerator<RunNews, Problem | null> {
  const waiting = persistence(cli)
  let lastEventId: string | null = null
  let isToldToItsEnd = false
  for (;;) {
    const seen: { lastEventId?: string; from?: 'now' } =
      lastEventId === null ? (from === 'now' ? { from } : {}) : { lastEventId }
    const watching = controller.stream((api) => api.runs.watch.subscribe({ run, ...seen }))
    for (;;) {
      const next = await watching.next()
      if (next.done) {
        if (next.value?.lost === null) return next.value.problem
        break
      }
      waiting.answered()
      lastEventId = next.value.id
      const { data } = next.value
      const state = stateIn(data)
      isToldToItsEnd = state !== null && hasEnded(state)
      yield data
    }
    if (isToldToItsEnd) return null
    // A controller that is stopped in order ends its answers in order, too.
    const shown = await controller.askLong((api) => api.runs.showInParts.subscribe({ run }))
    if (!shown.ok && shown.lost === null) return shown.problem
    // It ended while nobody was told: the rest of its story is there at once.
    if (shown.ok && hasEnded(shown.value.run.state)) continue
    if (!(await waiting.again())) return shown.ok ? null : shown.problem
  }
}

/** Of the run, where it is told. */
export function stateIn(news: RunNews): RunState | null {
  if (news.news === 'progress') return null
  return news.news === 'now' ? news.now.state : news.state
}
