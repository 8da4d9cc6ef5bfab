/** Whoever joins late sees what those see who were there from the beginning. */
import { nowOf, plainPaint, RunNews, runPicture, type Run, type RunPicture } from '@fleetmend/shared'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { possibleEvents } from '../../../controller/test/possible-events.ts'
import { at, atMs, sampleChanges, startedWith } from '../../../controller/test/sample-run.ts'
import { toldRun } from '../../../controller/test/told-run.ts'
import { eventNews } from '../../../controller/src/runs/event-news.ts'
import type { RunEvent } from '../../../controller/src/runs/run-event.ts'
import { begin, transition } from '../../../controller/src/runs/transition.ts'
import { pictureLines } from './picture-lines.ts'

interface Told {
  readonly news: RunNews
  /** The run after it. */
  readonly run: Run
}

/** What of a run somebody sees, and what is seen of it when the terminal is another one. */
function seen(picture: RunPicture, run: string): unknown {
  const sizes = [
    { width: 80, height: 24 },
    { width: 200, height: 60 },
    { width: 40, height: 9 },
  ]
  const { state, beganMs, counts, changes, atWork, amiss, waitsFor, traffic } = picture
  return {
    ...{ state, beganMs, counts, changes, waitsFor, traffic },
    ...{ atWork: [...atWork.values()], amiss: [...amiss.values()] },
    drawn: sizes.map((size) =>
      pictureLines(picture, { ...size, run, nowMs: atMs + 60_000, paint: plainPaint }).map(({ text }) => text),
    ),
  }
}

/** As it goes over the wire. */
function sent(news: RunNews): RunNews {
  return RunNews.parse(JSON.parse(JSON.stringify(news)))
}

/** `join`: after so many pieces of news. */
function expectSame(story: readonly Told[], join: number): void {
  const first = story[0]!.run
  const fromTheStart = runPicture(nowOf(first))
  for (const { news } of story.slice(0, join)) fromTheStart.tell(sent(news))
  const joined = runPicture(nowOf(first))
  joined.tell(sent({ news: 'now', now: fromTheStart.now(story[join - 1]!.run.notes) }))
  expect(seen(joined, first.id)).toEqual(seen(fromTheStart, first.id))
  for (const { news } of story.slice(join)) {
    for (const picture of [fromTheStart, joined]) picture.tell(sent(news))
    expect(seen(joined, first.id)).toEqual(seen(fromTheStart, first.id))
  }
}

const choices = fc.array(fc.nat(), { minLength: 20, maxLength: 70 })

test.each([{ hosts: 5 }, { hosts: 14 }])('of $hosts hosts, whatever happens to them', ({ hosts: count }) => {
  const hosts = Array.from({ length: count }, (_, n) => `web-${n + 10}`)
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...sampleChanges), { minLength: count, maxLength: count }),
      fc.constantFrom(undefined, 'promote' as const, { wellForMs: 60_000 }),
      fc.constantFrom({}, { awaitHostsUntil: '2026-11-21T05:00:00.000Z' }),
      choices,
      fc.nat(),
      (wanted, between, terms, picks, join) => {
        const changes = Object.fromEntries(hosts.map((host, n) => [host, wanted[n] ?? 'raise']))
        const started = startedWith(hosts, {
          waves: { canaryHosts: 1, batchHosts: 3, ...(between === undefined ? {} : { between }) },
          limits: { stopAtFailures: 6, groupsAtOnce: 2, approvalsNeeded: 1 },
          terms,
        })
        const story = happened(started, changes, picks)
        expectSame(story, 1 + (join % story.length))
      },
    ),
    { numRuns: 60 },
  )
})

test('of hundreds of hosts, whose words and traffic are told', () => {
  const story = [...toldRun(60, { fails: (index) => (index % 9 === 5 ? 'rolled-back' : null) })]
  fc.assert(
    fc.property(fc.nat({ max: story.length - 1 }), (join) => expectSame(story, join + 1)),
    { numRuns: 8 },
  )
})

test('what is told first does not grow with the hosts that are well, or whose turn has not come', () => {
  const sizeAt = (hosts: number): number => {
    const story = [...toldRun(hosts, { fails: () => null })]
    const picture = runPicture(nowOf(story[0]!.run))
    for (const { news } of story) picture.tell(news)
    return JSON.stringify(picture.now([])).length
  }
  expect(Math.abs(sizeAt(400) - sizeAt(50))).toBeLessThan(40)
})

/** With what fits the run, mostly what leads on, and now and then the words of a host. */
function happened(
  started: Parameters<typeof begin>[0],
  changes: Readonly<Record<string, string>>,
  picks: readonly number[],
): readonly Told[] {
  let run = begin(started).run
  const story: Told[] = []
  const tell = (event: RunEvent, before: Run | null): void => {
    const sequence = story.length + 1
    const recorded = {
      ...({ format: 'fleetmend.event/1', previous: null, hash: `sha256:${'0'.repeat(64)}` } as const),
      ...{ run: run.id, revision: sequence, sequence, at: new Date(atMs + sequence * 1000).toISOString(), event },
    }
    story.push({ news: eventNews(recorded, before, run), run })
  }
  tell(started, null)
  // Each host answers before much else happens.
  const planning = Object.keys(changes).map((host) => ({ host, isPlanning: true }))
  for (const pick of [...planning.map(({ host }) => host.length), ...picks]) {
    const isFar = ({ type }: RunEvent): boolean =>
      run.state === 'planning' ? type === 'host-planned' : pick % 12 === 0 || !ends.has(type)
    const possible = possibleEvents(run, changes).filter(isFar)
    const at0 = pick % Math.max(possible.length, 1)
    const event = [...possible.slice(at0), ...possible.slice(0, at0)].find((each) => transition(run, each).ok)
    if (!event) break
    const [before, step] = [run, transition(run, event)]
    if (!step.ok) break
    run = step.run
    tell(event, before)
    const [host] = run.hosts.filter(({ state }) => state === 'applying').slice(pick % 3)
    if (host && pick % 2 === 0)
      story.push({
        news: { news: 'progress', run: run.id, host: host.id, phase: 'acted', entry: { at, says: `Did ${pick}.` } },
        run,
      })
  }
  return story
}

const ends: ReadonlySet<string> = new Set(['denied', 'aborted', 'expired', 'paused', 'host-refused-to-plan'])
