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

interface Repaired extends Took, Answers {}

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
  const asPlaybooksGo = ['--canary', '0', '--watch', '0']
  const own = 'fleetmend fix, all at once'
  const rival = 'ansible-playbook'
  const ways: Readonly<Record<string, CommandLine>> = {
    [own]: { argv: fleet.commandLine([...fix, ...asPlaybooksGo]) },
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
      seen.set(name, [...(seen.get(name) ?? []), repaired])
      if (name === own) stages.push(stagesOf(await newestRun(eight), typedAtMs))
    }
  await breakAll(hosts)
  const careful = await answersAfter(eight, fleet.commandLine(fix))

  process.stdout.write(`The same repair of ${hosts.length} hosts, ${rounds} rounds in turns\n`)
  printTable([
    ['', 'first host answers', 'all hosts answer', 'verified, and ended', 'CPU p50'],
    ...[...seen].map(([name, all]) => [
      name,
      ...(['firstMs', 'lastMs', 'wallMs'] as const).map((field) => spread(all.map((each) => each[field]))),
      `${median(all.map(({ cpuMs }) => cpuMs))} ms`,
    ]),
    ['fleetmend fix, a canary watched first', shown(careful.firstMs), shown(careful.lastMs), '–', '–'],
  ])
  const times = (field: keyof Repaired, of = own) =>
    median((seen.get(rival) ?? []).map((each) => each[field])) / median((seen.get(of) ?? []).map((each) => each[field]))
  process.stdout.write(
    `Than the playbook: all hosts answer ${verdict(times('lastMs'), goal)}, verified ${verdict(times('wallMs'), goal)}\n` +
      `Where a fix is, until the last host is there: ${stageNames
        .map((name, stage) => `${name} ${shown(median(stages.map((each) => each[stage] ?? 0)))}`)
        .join(', ')}\n`,
  )
}

async function repair({ hosts }: EightHosts, command: CommandLine): Promise<Repaired> {
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

const stageNames = ['diagnosed', 'planned and signed', 'checked', 'written and reloaded', 'looked at again']

function stagesOf({ run, reports }: RunView, typedAtMs: number): readonly number[] {
  const lastOf = (says: RegExp) =>
    Math.max(...reports.map(({ timeline }) => Date.parse(timeline.find((entry) => says.test(entry.says))?.at ?? '')))
  const marks = [
    typedAtMs,
    Date.parse(run.startedAt),
    Date.parse(run.approvals[0]?.at ?? ''),
    lastOf(/^Writing /),
    lastOf(/^Looking again/),
    Math.max(...reports.map(({ endedAt }) => Date.parse(endedAt ?? ''))),
  ]
  return marks.slice(1).map((mark, index) => mark - (marks[index] ?? 0))
}

async function newestRun({ fleet }: EightHosts): Promise<RunView> {
  const { runs } = JSON.parse((await fleet.cli(['runs', 'list', '--json'])).stdout) as { runs: readonly Run[] }
  return JSON.parse((await fleet.cli(['runs', 'show', runs[0]?.id ?? '', '--json'])).stdout) as RunView
}
