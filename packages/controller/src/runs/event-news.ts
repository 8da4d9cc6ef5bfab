/** An event as it is told to whoever follows the run: its words, and what it changed of hosts, so that they can count along. Pure. */
import {
  hostCount,
  hostNames,
  titleOf,
  type Run,
  type RunHost,
  type RunHostNews,
  type RunNews,
} from '@fleetmend/shared'
import { eventView } from './event-view.ts'
import { gatesOf } from './gates.ts'
import { placesChanged } from './host-tally.ts'
import type { RecordedEvent, RunEvent } from './run-event.ts'

export function eventNews(recorded: RecordedEvent, before: Run | null, run: Run): Extract<RunNews, { news: 'event' }> {
  return {
    news: 'event',
    event: eventView(recorded),
    state: run.state,
    hosts: placesChanged(before?.hosts ?? [], run.hosts).flatMap((place) => {
      const [was, host] = [before?.hosts[place], run.hosts[place]]
      return !host || (was && isSame(was, host)) ? [] : changed(was, host, recorded.event)
    }),
    waitsFor: waitsFor(run),
  }
}

function isSame(a: RunHost, b: RunHost): boolean {
  return a.state === b.state && a.group === b.group && a.wave === b.wave
}

function changed(was: RunHost | undefined, { id, state, group, wave }: RunHost, event: RunEvent): RunHostNews {
  const watch = 'report' in event && event.host === id ? event.report?.verdict?.watch : null
  return {
    id,
    state,
    group,
    ...(wave === undefined ? {} : { wave }),
    ...(was ? { was: was.state } : {}),
    ...(event.type === 'host-planned' && event.host === id ? { does: titleOf(event.record.plan.remediations) } : {}),
    ...(watch
      ? {
          traffic: {
            requests: watch.requests,
            serverErrors: watch.serverErrors,
            serverErrorShareBefore: watch.serverErrorShareBefore,
          },
        }
      : {}),
  }
}

function waitsFor(run: Run): string[] {
  if (run.state !== 'applying' && run.state !== 'waiting') return []
  const { looking } = gatesOf(run)
  const watched = looking.slice(0, namedAtMost).flatMap((place) => run.groups[place]?.watched ?? [])
  return [
    ...run.heldBack.slice(0, namedAtMost).map(({ hosts, says }) => `${whoWaits(hosts)}: ${says}`),
    ...watched.map(
      ({ wave, until }) => `${wave === 0 ? 'A canary' : `Wave ${wave + 1} of a change`} must be well until ${until}.`,
    ),
    ...more(run.heldBack.length, 'reasons to wait'),
    ...more(looking.length, 'waves of other changes must be well'),
  ]
}

/** Told with every event, to everybody who follows the run. */
const namedAtMost = 6

function more(count: number, of: string): string[] {
  return count > namedAtMost ? [`And ${count - namedAtMost} more ${of}.`] : []
}

/** Names of hundreds would cost more than the event. */
function whoWaits(hosts: readonly string[]): string {
  return hosts.length > namedAtMost ? hostCount(hosts.length) : hostNames(hosts)
}
