/** The same repair by all: until each host answers from outside, until it was verified, and what a fix does meanwhile. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import type { ApplyReport, Run, RunView } from '@fleetmend/shared'
import { median } from '../../test/lab/median.ts'
import { breakAll, clushScript, firstAnswersMs, listens, mustBeAsBefore, sitesOf } from './broken-address.ts'
import type { EightHosts } from './eight-hosts.ts'
import { clush, playbook } from './rivals.ts'
import { printTable, shown, spread, tookTyped, verdict, type CommandLine, type Took } from './took.ts'

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
  /** Of Fleetmend alone: how long each took of `stageNames`. */
  readonly stagesMs: readonly number[]
}

const names = {
  canaryFirst: 'fleetmend fix, a canary first',
  allAtOnce: 'fleetmend fix, all at once',
  playbook: 'ansible-playbook',
  clush: 'one clush command',
} as const
type Way = keyof typeof names
const ways: readonly Way[] = ['canaryFirst', 'allAtOnce', 'playbook', 'clush']

export async function measureRepair(eight: EightHosts): Promise<void> {
  const { fleet, hosts } = eight
  const seen = await inTurns(eight, commandsOf(eight, ['-l', 'role=web']))
  const one = { ...eight, hosts: hosts.slice(0, 1) }
  const alone = await inTurns(one, commandsOf(one, [hosts[0]?.name ?? '']))
  await breakAll(hosts)
  const watched = await answersAfter(eight, fleet.commandLine(fixWords(eight, ['-l', 'role=web'])))

  process.stdout.write(`The same repair of ${hosts.length} hosts, ${rounds} rounds in turns\n`)
  printTable([
    ['', 'first host answers', 'first is verified', 'all hosts answer', 'ended', 'CPU p50'],
    ...ways
      .map((way) => [way, seen[way]] as const)
      .map(([way, all]) => [
        names[way],
        ...(['firstMs', 'verifiedMs', 'lastMs', 'wallMs'] as const).map((field) =>
          spread(all.map((each) => each[field])),
        ),
        `${middle(all, 'cpuMs')} ms`,
      ]),
    ['fleetmend fix, each watched for a minute', shown(watched.firstMs), '', shown(watched.lastMs)],
  ])
  const times = (rounded: typeof seen, own: readonly Repaired[], field: 'verifiedMs' | 'lastMs') =>
    verdict(middle(rounded.playbook, field) / middle(own, field), goal)
  const stages = (all: readonly Repaired[]) =>
    stageNames.map((name, stage) => `${name} ${shown(median(all.map((each) => each.stagesMs[stage] ?? 0)))}`).join(', ')
  process.stdout.write(
    `To the first verified answer: ${times(seen, seen.canaryFirst, 'verifiedMs')} than the playbook; ` +
      `to the answers of all, at once: ${times(seen, seen.allAtOnce, 'lastMs')}\n` +
      `Where the time goes, a canary first: ${stages(seen.canaryFirst)}\n` +
      `Where the time goes, all at once: ${stages(seen.allAtOnce)}; ` +
      `${(middle(seen.allAtOnce, 'cpuMs') / hosts.length).toFixed(0)} ms of CPU for each host, on ${cpus().length} processors for all\n` +
      `One of the hosts alone: verified after ${shown(middle(alone.canaryFirst, 'verifiedMs'))}, the playbook ` +
      `${shown(middle(alone.playbook, 'verifiedMs'))}, ${times(alone, alone.canaryFirst, 'verifiedMs')}; ${stages(alone.canaryFirst)}\n` +
      `What it would take: ${goal} × than the playbook is ${shown(middle(seen.playbook, 'verifiedMs') / goal)}. All hosts are looked at ` +
      `twice before anything is signed, for the diagnosis and again for the plan, which could be made of the same look; and ` +
      `an apply starts an agent of its own, which looks before and after.\n`,
  )
}

function fixWords({ fleet }: EightHosts, target: readonly string[]): readonly string[] {
  return ['fix', ...target, '--yes', '--key', fleet.key, '--reason', 'Every page is 502 since the deployment']
}

function commandsOf(eight: EightHosts, target: readonly string[]): Readonly<Record<Way, CommandLine>> {
  // The others do not stay to watch the hosts afterwards.
  const fix = [...fixWords(eight, target), '--watch', '0']
  return {
    canaryFirst: { argv: eight.fleet.commandLine(fix) },
    allAtOnce: { argv: eight.fleet.commandLine([...fix, '--canary', '0']) },
    playbook: playbook(eight, 'repair.yaml', ['-e', `listens=${listens}`]),
    clush: clush(eight, clushScript),
  }
}

async function inTurns(
  eight: EightHosts,
  commands: Readonly<Record<Way, CommandLine>>,
): Promise<Readonly<Record<Way, readonly Repaired[]>>> {
  const { hosts } = eight
  const seen: Record<Way, Repaired[]> = { canaryFirst: [], allAtOnce: [], playbook: [], clush: [] }
  for (let round = 0; round < rounds; round++)
    for (const way of ways) {
      const before = await sitesOf(hosts)
      await breakAll(hosts)
      const typedAtMs = Date.now()
      const repaired = await repair(eight, commands[way])
      await mustBeAsBefore(hosts, before)
      const view = way === 'playbook' || way === 'clush' ? null : await newestRun(eight)
      seen[way].push({
        ...repaired,
        verifiedMs: view ? Math.min(...view.reports.map(verifiedAtMs)) - typedAtMs : repaired.wallMs,
        stagesMs: view ? stagesOf(view, typedAtMs, way === 'allAtOnce' ? 'last' : 'first') : [],
      })
    }
  return seen
}

function middle(all: readonly Repaired[], field: Exclude<keyof Repaired, 'stagesMs'>): number {
  return median(all.map((each) => each[field]))
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

const stageNames = ['diagnosed', 'planned and signed', 'checked', 'written and reloaded', 'looked at again']
const lookingAgain = /^Looking again/

/** Of all hosts together the last one counts; of a canary its own. */
function stagesOf({ run, reports }: RunView, typedAtMs: number, whose: 'first' | 'last'): readonly number[] {
  const of = (mark: (report: ApplyReport) => number) => Math[whose === 'first' ? 'min' : 'max'](...reports.map(mark))
  const marks = [
    typedAtMs,
    Date.parse(run.startedAt),
    Date.parse(run.approvals[0]?.at ?? ''),
    of((report) => toldAtMs(report, /^Writing /)),
    of((report) => toldAtMs(report, lookingAgain)),
    of(verifiedAtMs),
  ]
  return marks.slice(1).map((mark, index) => mark - (marks[index] ?? 0))
}

function toldAtMs({ timeline }: ApplyReport, says: RegExp): number {
  return Date.parse(timeline.find((entry) => says.test(entry.says))?.at ?? '')
}

/** What comes after it looks again is what it then saw. */
function verifiedAtMs({ timeline }: ApplyReport): number {
  return Date.parse(timeline[timeline.findIndex(({ says }) => lookingAgain.test(says)) + 1]?.at ?? '')
}

async function newestRun({ fleet }: EightHosts): Promise<RunView> {
  const { runs } = JSON.parse((await fleet.cli(['runs', 'list', '--json'])).stdout) as { runs: readonly Run[] }
  return JSON.parse((await fleet.cli(['runs', 'show', runs[0]?.id ?? '', '--json'])).stdout) as RunView
}
