/**
 * `npm run crash [NAME …]`: boots hosts and cuts applies off in every way there is, and prints whether each host is whole
 * afterwards. Exits 4 when one is not. `--at-once N` hosts (2), `--random N` kills at random moments over all (200), and
 * with names only remediations whose id contains one of them, `mishaps` or `rivals`; without, all, and the table is kept in
 * docs/results/crash.md.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { exitCodes, paintFor } from '@fleetmend/shared'
import { canBootHosts } from '../test/lab/can-boot-hosts.ts'
import { openLab, type Lab } from '../test/lab/lab.ts'
import { crashCases, firstCase as first, rivalOfFirst } from '../test/live/crash/crash-cases.ts'
import { bootCrashHost } from '../test/live/crash/crash-host.ts'
import { writeCrashPage } from '../test/live/crash/crash-page.ts'
import { disturb } from '../test/live/crash/disturb.ts'
import { mishaps } from '../test/live/crash/mishaps.ts'
import { rival } from '../test/live/crash/rivals.ts'
import { walk } from '../test/live/crash/walk.ts'
import type { CrashRow } from '../test/live/crash/whole.ts'
import type { Host } from '../test/live/faults/host-kit.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const paint = paintFor(process.stdout.isTTY, process.env)
const powerCuts = 3

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'at-once': { type: 'string', default: '2' }, random: { type: 'string', default: '200' } },
})
const possible = await canBootHosts()
if (!possible.can) {
  process.stderr.write(
    `No real hosts can be booted here. Needed:\n${possible.missing.map((each) => `  - ${each}`).join('\n')}\n`,
  )
  process.exitCode = exitCodes.refused
} else {
  spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  process.exitCode = await crash()
}

interface Task {
  readonly id: string
  readonly rows: (host: Host) => AsyncIterable<CrashRow>
}

async function crash(): Promise<number> {
  const tasks = wantedTasks()
  const waiting = [...tasks]
  const seen = new Map<string, CrashRow[]>()
  const broken: string[] = []
  const startedMs = Date.now()
  await using lab = await openLab()
  const worker = async (): Promise<void> => {
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      const rows: CrashRow[] = []
      const isFirstTry = !seen.has(task.id)
      seen.set(task.id, rows)
      try {
        for await (const row of rowsOf(lab, task)) {
          rows.push(row)
          process.stdout.write(`${lineOf(row)}\n`)
        }
      } catch (error) {
        // A busy machine may not have got a host ready in time. Nothing of it counts; it has one more try, from the start.
        if (isFirstTry) waiting.push(task)
        else broken.push(task.id)
        process.stdout.write(`${paint.red('BROKEN')}  ${task.id}: ${String(error)}\n`)
      }
    }
  }
  await Promise.all(Array.from({ length: Number(values['at-once']) }, worker))
  const rows = [...seen.values()].flat()
  const whole = rows.filter(({ complaints }) => complaints.length === 0).length
  const isRight = whole === rows.length && broken.length === 0
  process.stdout.write(
    `\n${whole} of ${rows.length} whole${broken.length > 0 ? `; broken off: ${broken.join(', ')}` : ''}\n`,
  )
  if (positionals.length === 0 && broken.length === 0) writeCrashPage(rows, Date.now() - startedMs)
  return isRight ? exitCodes.done : exitCodes.someFailed
}

function wantedTasks(): readonly Task[] {
  const randomKills = Math.ceil(Number(values.random) / crashCases.length)
  const all: readonly Task[] = [
    { id: 'mishaps', rows: (host) => disturb(host, first, mishaps) },
    { id: 'rivals', rows: (host) => rival(host, first, rivalOfFirst) },
    ...crashCases.map((each) => ({
      id: each.remediation,
      rows: (host: Host) => walk(host, each, { fromTheStart: each === first, randomKills, powerCuts }),
    })),
  ]
  return all.filter(({ id }) => positionals.length === 0 || positionals.some((name) => id.includes(name)))
}

async function* rowsOf(lab: Lab, { id, rows }: Task): AsyncGenerator<CrashRow> {
  await using host = await bootCrashHost(lab, id)
  yield* rows(host)
}

function lineOf({ complaints, how, remediation, where, outcome, side, wholeMs }: CrashRow): string {
  const mark = complaints.length === 0 ? paint.green('✓') : paint.red('✗')
  const head = `${mark}  ${remediation.padEnd(26)} ${how.padEnd(8)} ${outcome.padEnd(11)} ${side.padEnd(7)} ${String(wholeMs).padStart(6)} ms  ${where}`
  return [head, ...complaints.map((each) => `     ${paint.yellow(each)}`)].join('\n')
}
