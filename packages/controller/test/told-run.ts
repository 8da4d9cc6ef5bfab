/** The news of a whole run over a simulated fleet, by the real engine: two changes, waves that grow, some hosts that fail. */
import { digestOf, type ApplyOutcome, type HostId, type Run, type RunNews } from '@fleetmend/shared'
import { eventNews } from '../src/runs/event-news.ts'
import type { RunEvent } from '../src/runs/run-event.ts'
import { begin, transition } from '../src/runs/transition.ts'
import { calledHosts } from '../src/runs/waves.ts'
import {
  applyStarted,
  approvalAsked,
  approvedBy,
  at,
  atMs,
  planned,
  planInRun,
  reportOf,
  startedWith,
} from './sample-run.ts'

export interface Told {
  readonly news: RunNews
  /** The run after it. */
  readonly run: Run
}

export interface ToldOptions {
  /** Hosts with an outcome that is not good, by their place. */
  readonly fails?: (index: number) => ApplyOutcome | null
}

const failsNow = (index: number): ApplyOutcome | null => (index % 500 === 499 ? 'not-fixed' : null)
const words = ['Admitted.', 'Wrote the files.', 'Reloaded php8.2-fpm.', 'Watches what visitors get.'] as const

export function* toldRun(hostCount: number, { fails = failsNow }: ToldOptions = {}): Generator<Told, void> {
  const hosts: readonly HostId[] = Array.from({ length: hostCount }, (_, index) => `web-${index + 1}`).toSorted()
  const started = startedWith(hosts, {
    waves: { canaryHosts: 1, ramp: [1, '5%'], batchHosts: '20%' },
    limits: { stopAtFailures: hostCount, groupsAtOnce: 2, approvalsNeeded: 1 },
  })
  let run = begin(started).run
  let sequence = 1
  const told = (event: RunEvent, before: Run | null): Told => {
    const recorded = {
      ...({
        format: 'fleetmend.event/1',
        run: run.id,
        revision: sequence,
        previous: null,
        hash: digestOf(sequence),
      } as const),
      ...{ sequence, at: later(sequence), event },
    }
    sequence++
    return { news: eventNews(recorded, before, run), run }
  }
  const step = (each: RunEvent | ((now: Run) => RunEvent)): Told => {
    const event = typeof each === 'function' ? each(run) : each
    const before = run
    const moved = transition(run, event)
    if (!moved.ok) throw new Error(moved.problem.detail)
    run = moved.run
    return told(event, before)
  }
  yield told(started, null)
  for (const [index, host] of hosts.entries()) yield step(planned(host, index % 4 === 3 ? 'lower' : 'raise'))
  for (const each of [approvalAsked, approvedBy('ben'), applyStarted]) yield step(each)
  for (;;) {
    const called = calledHosts(run)
    if (called.length === 0) break
    yield step({ type: 'hosts-begun', at, hosts: [...called] })
    for (const says of words)
      for (const host of called)
        yield {
          news: { news: 'progress', run: run.id, host, phase: 'acted', entry: { at: later(sequence), says } },
          run,
        }
    for (const host of called) {
      const outcome = fails(hosts.indexOf(host)) ?? 'fixed'
      const report = reportOf(planInRun(run, host), outcome)
      const watch = {
        requests: 1000,
        serverErrors: outcome === 'fixed' ? 2 : 130,
        serverErrorShareBefore: 0.12,
        says: '',
      }
      const verdict = report.verdict && { ...report.verdict, watch }
      yield step({ type: 'host-applied', at, host, report: { ...report, verdict } })
    }
  }
}

function later(sequence: number): string {
  return new Date(atMs + sequence * 10).toISOString()
}
