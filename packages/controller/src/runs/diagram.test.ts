/** Walks every state that a small run can reach, with every event, and draws what it saw. */
import { hasEnded, type Run } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { fewEvents, possibleEvents } from '../../test/possible-events.ts'
import { brokenInState, brokenInStep } from '../../test/run-invariants.ts'
import { applying, startedWith } from '../../test/sample-run.ts'
import type { RunEvent } from './run-event.ts'
import { begin, transition } from './transition.ts'

const waves = { canaryHosts: 1, batchHosts: 2 }
const limits = { stopAtFailures: 2, groupsAtOnce: 1, approvalsNeeded: 1 }
const one = { a: 'raise', b: 'raise' }
const two = { a: 'raise', b: 'raise', c: 'lower' }

const walks: readonly Walk[] = [
  {
    name: 'two hosts, one change, everything that can happen',
    from: begin(startedWith(Object.keys(one), { waves, limits: { ...limits, approvalsNeeded: 2 } })).run,
    events: (run) => possibleEvents(run, one),
  },
  {
    name: 'two hosts, one of which may be away, and a wave that must stay well',
    from: applying({
      changes: one,
      waves: { ...waves, between: { wellForMs: 60_000 } },
      limits,
      terms: { awaitHostsUntil: '2026-11-21T05:00:00.000Z' },
    }).run,
    events: (run) => possibleEvents(run, one),
  },
  {
    name: 'three hosts, two changes, one after the other',
    from: applying({ changes: two, waves, limits }).run,
    events: (run) => fewEvents(run, two),
  },
  {
    name: 'three hosts, two changes, side by side',
    from: applying({ changes: two, waves, limits: { ...limits, groupsAtOnce: 2 } }).run,
    events: (run) => fewEvents(run, two),
  },
]

interface Walk {
  readonly name: string
  readonly from: Run
  readonly events: (run: Run) => readonly RunEvent[]
}

interface Walked {
  readonly states: number
  readonly broken: ReadonlySet<string>
  readonly stranded: readonly string[]
}

const runEdges = new Set<string>()
const hostEdges = new Set<string>()

describe.each(walks)('$name', (each) => {
  const walked = walk(each)

  test('no event in any reachable state breaks a rule', () => {
    expect(walked.states).toBeGreaterThan(1000)
    expect([...walked.broken]).toEqual([])
  })

  test('from every state some way leads to an end', () => {
    expect(walked.stranded).toEqual([])
  })
})

test('the diagrams show what a run and a host in it can do', async () => {
  await expect(mermaid('planning', runEdges)).toMatchFileSnapshot('../../../../docs/generated/run-states.mmd')
  await expect(mermaid('planning', hostEdges)).toMatchFileSnapshot('../../../../docs/generated/run-host-states.mmd')
})

function walk({ from, events }: Walk): Walked {
  const broken = new Set<string>()
  const reached = new Map<string, Run>([[keyOf(from), from]])
  const cameFrom = new Map<string, Set<string>>()
  // A Map is walked in the order of insertion, including what is inserted on the way.
  for (const [key, run] of reached) {
    for (const rule of brokenInState(run)) broken.add(`${run.state}: ${rule}`)
    for (const event of events(run)) {
      const step = transition(run, event)
      if (!step.ok) continue
      for (const rule of brokenInStep(run, event, step.run, step.commands))
        broken.add(`${run.state}, ${event.type}: ${rule}`)
      const next = keyOf(step.run)
      if (!reached.has(next)) reached.set(next, step.run)
      cameFrom.set(next, (cameFrom.get(next) ?? new Set()).add(key))
      if (run.state !== step.run.state) runEdges.add(edge(run.state, step.run.state, event.type))
      for (const [index, host] of step.run.hosts.entries()) {
        const before = run.hosts[index]!.state
        // What follows for the other hosts is the engine's doing, not the event's.
        const label = 'host' in event && event.host === host.id ? event.type : 'run'
        if (before !== host.state) hostEdges.add(edge(before, host.state, label))
      }
    }
  }
  return { states: reached.size, broken, stranded: strandedIn(reached, cameFrom) }
}

/** Two runs that differ only in words go on in the same way. */
function keyOf(run: Run): string {
  const { notes: _, stopping, hosts, groups, ...rest } = run
  return JSON.stringify([
    rest.state,
    stopping?.to,
    rest.state === 'awaiting-approval' ? rest.approvals.length : 'enough',
    rest.manifest !== null,
    groups.map(({ promoted, watched }) => [promoted?.wave, watched?.wave, watched?.unwell?.length]),
    rest.heldBack.length,
    hosts.map((host) => [host.state, host.wave, host.probesPass, host.attempts, host.plan !== null]),
  ])
}

function strandedIn(
  reached: ReadonlyMap<string, Run>,
  cameFrom: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  const saved = new Set([...reached].filter(([, run]) => hasEnded(run.state)).map(([key]) => key))
  for (const key of saved) for (const before of cameFrom.get(key) ?? []) saved.add(before)
  return [...reached.keys()].filter((key) => !saved.has(key))
}

function edge(from: string, to: string, label: string): string {
  return `${from} --> ${to} ${label}`
}

/** One arrow for each pair of states, with all that leads along it. */
function mermaid(first: string, edges: ReadonlySet<string>): string {
  const arrows = new Map<string, string[]>()
  for (const each of [...edges].toSorted()) {
    const [, from = '', to = '', label = ''] = /^(\S+) --> (\S+) (\S+)$/.exec(each) ?? []
    const arrow = `${idOf(from)} --> ${idOf(to)}`
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), label])
  }
  const sources = new Set([...edges].map((each) => each.split(' ')[0] ?? ''))
  const names = [
    ...new Set([...edges].flatMap((each) => [each.split(' ')[0] ?? '', each.split(' ')[2] ?? ''])),
  ].toSorted()
  return [
    'stateDiagram-v2',
    ...names.filter((name) => name !== idOf(name)).map((name) => `  state "${name}" as ${idOf(name)}`),
    `  [*] --> ${idOf(first)}`,
    ...[...arrows].map(([arrow, labels]) => `  ${arrow}: ${labels.join(', ')}`),
    ...names.filter((name) => !sources.has(name)).map((name) => `  ${idOf(name)} --> [*]`),
    '',
  ].join('\n')
}

/** Mermaid takes a hyphen in a state's id for the beginning of an arrow. */
function idOf(name: string): string {
  return name.replaceAll('-', '_')
}
