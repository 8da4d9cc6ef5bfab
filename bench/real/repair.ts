/** The same repair by all: until each host answers from outside, until it was verified, and what a fix does meanwhile. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Run, RunView } from '@fleetmend/shared'
import { breakAll, clushScript, firstAnswersMs, listens, mustBeAsBefore, sitesOf } from './broken-address.ts'
import type { EightHosts } from './eight-hosts.ts'
import { clush, playbook } from './rivals.ts'
import { median, printTable, shown, spread, tookTyped, verdict, type CommandLine, type Took } from './took.ts'

const rounds = 3
const goal = 5

/** From typing to the first host that answers, and to the last. */
interface Answers {
  readonly firstMs: number
  readonly lastMs: number
}

interface Repaired extends Took, Answers {
  /** From typing to the first host of which the tool itself knows that it answers. A playbook knows it of all at its end. */
  readonly verifiedMs: number
}

const canaryFirst = 'fleetmend fix, a canary first'
const allAtOnce = 'fleetmend fix, all at once'
const rival = 'ansible-playbook'

export async function measureRepair(eight: EightHosts): Promise<void> {
  const { fleet, hosts } = eight
  const fix = [
    'fix',
    '-l',
    'role=web',
    '--yes',
    '--key',
    fleet.key,
    '--reason',
    'Every page is 502 since the deployment',
  ]
  const ways: Readonly<Record<string, CommandLine>> = {
    // No tool but ours stays to watch the hosts afterwards.
    [canaryFirst]: { argv: fleet.commandLine([...fix, '--watch', '0']) },
    [allAtOnce]: { argv: fleet.commandLine([...fix, '--watch', '0', '--canary', '0']) },
    [rival]: playbook(eight, 'repair.yaml', ['-e', `listens=${listens}`]),
    'one clush command': clush(eight, clushScript),
  }
  const seen = new Map<string, Repaired[]>()
  const stages: (readonly number[])[] = []
  for (let round = 0; round < rounds; round++)
    for (const [name, command] of Object.entries(ways)) {
      const before = await sitesOf(hosts)
      await breakAll(hosts)
      const typedAtMs = Date.now()
      const repaired = await repair(eight, command)
      await mustBeAsBefore(hosts, before)
      const view = name === canaryFirst || name === allAtOnce ? await newestRun(eight) : null
      const verifiedMs = view ? firstVerifiedMs(view) - typedAtMs : repaired.wallMs
      seen.set(name, [...(seen.get(name) ?? []), { ...repaired, verifiedMs }])
      if (view && name === allAtOnce) stages.push(stagesOf(view, typedAtMs))
    }
  await breakAll(hosts)
  const watched = await answersAfter(eight, fleet.commandLine(fix))

  const all = (name: string, field: keyof Repaired) => (seen.get(name) ?? []).map((each) => each[field])
  process.stdout.write(`The same repair of ${hosts.length} hosts, ${rounds} rounds in turns\n`)
  printTable([
    ['', 'first host answers', 'first is verified', 'all hosts answer', 'ended', 'CPU p50'],
    ...[...seen.keys()].map((name) => [
      name,
      ...(['firstMs', 'verifiedMs', 'lastMs', 'wallMs'] as const).map((field) => spread(all(name, field))),
      `${median(all(name, 'cpuMs'))} ms`,
    ]),
    ['fleetmend fix, each watched for a minute', shown(watched.firstMs), '', shown(watched.lastMs)],
  ])
  const times = (own: string, field: keyof Repaired, ofRival: keyof Repaired = field) =>
    median(all(rival, ofRival)) / median(all(own, field))
  process.stdout.write(
    `To the first verified answer: ${verdict(times(canaryFirst, 'verifiedMs'), goal)} than the playbook\n` +
      `To the answers of all hosts, all at once: ${verdict(times(allAtOnce, 'lastMs'), goal)}\n` +
      `Where the time of a fix of all at once goes: ${stageNames
        .map((name, stage) => `${name} ${shown(median(stages.map((each) => each[stage] ?? 0)))}`)
        .join(', ')}\n`,
  )
}

async function repair({ hosts }: EightHosts, command: CommandLine): Promise<Took & Answers> {
  const startedMs = performance.now()
  const given = AbortSignal.timeout(120_000)
  const answering = firstAnswersMs(hosts, given)
  const cost = await tookTyped(command, ({ exitCode }) => exitCode === 0)
  return { ...cost, ...answersOf(await answering, startedMs) }
}

/** With the defaults each host is watched for a minute, the canary before any other begins. Nobody waits here for the last. */
async function answersAfter({ hosts }: EightHosts, [program = '', ...args]: readonly string[]): Promise<Answers> {
  const startedMs = performance.now()
  const child = spawn(program, args, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  try {
    return answersOf(await firstAnswersMs(hosts, AbortSignal.timeout(150_000)), startedMs)
  } finally {
    child.kill('SIGINT')
    await ended
  }
}

function answersOf(answeredMs: readonly number[], startedMs: number): Answers {
  return { firstMs: Math.min(...answeredMs) - startedMs, lastMs: Math.max(...answeredMs) - startedMs }
}

function firstVerifiedMs({ reports }: RunView): number {
  return Math.min(
    ...reports.map(({ timeline }) => {
      const again = timeline.findIndex(({ says }) => lookingAgain.test(says))
      return Date.parse(timeline[again + 1]?.at ?? '')
    }),
  )
}

const lookingAgain = /^Looking again/
const stageNames = ['diagnosed', 'planned and signed', 'checked', 'written and reloaded', 'looked at again']

function stagesOf({ run, reports }: RunView, typedAtMs: number): readonly number[] {
  const lastOf = (says: RegExp) =>
    Math.max(...reports.map(({ timeline }) => Date.parse(timeline.find((entry) => says.test(entry.says))?.at ?? '')))
  const marks = [
    typedAtMs,
    Date.parse(run.startedAt),
    Date.parse(run.approvals[0]?.at ?? ''),
    lastOf(/^Writing /),
    lastOf(lookingAgain),
    Math.max(...reports.map(({ endedAt }) => Date.parse(endedAt ?? ''))),
  ]
  return marks.slice(1).map((mark, index) => mark - (marks[index] ?? 0))
}

async function newestRun({ fleet }: EightHosts): Promise<RunView> {
  const { runs } = JSON.parse((await fleet.cli(['runs', 'list', '--json'])).stdout) as { runs: readonly Run[] }
  return JSON.parse((await fleet.cli(['runs', 'show', runs[0]?.id ?? '', '--json'])).stdout) as RunView
}
