/** An event as it is told to whoever follows the run: its words, and what it changed of hosts, so that they can count along. Pure. */
import { hostCount, hostNames, type Run, type RunHost, type RunHostNews, type RunNews } from '@fleetmend/shared'
import { eventView } from './event-view.ts'
import type { RecordedEvent, RunEvent } from './run-event.ts'

export function eventNews(recorded: RecordedEvent, before: Run | null, run: Run): Extract<RunNews, { news: 'event' }> {
  return {
    news: 'event',
    event: eventView(recorded),
    state: run.state,
    hosts: run.hosts.flatMap((host, index) => {
      const was = before?.hosts[index]
      return was === host || (was && isSame(was, host)) ? [] : changed(host, recorded.event)
    }),
    waitsFor: waitsFor(run),
  }
}

function isSame(a: RunHost, b: RunHost): boolean {
  return a.state === b.state && a.group === b.group && a.wave === b.wave
}

function changed({ id, state, group, wave }: RunHost, event: RunEvent): RunHostNews {
  const watch = 'report' in event && event.host === id ? event.report?.verdict?.watch : null
  return {
    id,
    state,
    group,
    ...(wave === undefined ? {} : { wave }),
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

function waitsFor({ heldBack, groups, state }: Run): string[] {
  if (state !== 'applying' && state !== 'waiting') return []
  const watched = groups.flatMap((group) => (group.watched?.unwell === null ? group.watched : []))
  return [
    ...heldBack.map(({ hosts, says }) => `${whoWaits(hosts)}: ${says}`),
    ...watched.map(
      ({ wave, until }) => `${wave === 0 ? 'A canary' : `Wave ${wave + 1} of a change`} must be well until ${until}.`,
    ),
  ]
}

/** Told with every event: names of hundreds would cost more than the event. */
function whoWaits(hosts: readonly string[]): string {
  return hosts.length > 6 ? hostCount(hosts.length) : hostNames(hosts)
}
