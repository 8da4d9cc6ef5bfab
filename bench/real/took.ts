/** What something takes until it has ended: time, and what all processors of this machine did meanwhile, hosts included. */
import { readFileSync } from 'node:fs'
import { runTool, type Ran } from '../../test/lab/tool.ts'
import { median } from '../../test/lab/median.ts'

export interface Took {
  readonly wallMs: number
  readonly cpuMs: number
}

export interface CommandLine {
  readonly argv: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const limitMs = 240_000

/** What it answered has to be right: whoever fails is fast. */
export function tookTyped({ argv, env = {} }: CommandLine, isRight: (ran: Ran) => boolean): Promise<Took> {
  return took(async () => {
    const ran = await runTool(argv, { limitMs, env })
    if (!isRight(ran)) throw new Error(`${argv.join(' ')}: exit ${ran.exitCode}\n${ran.stdout}\n${ran.stderr}`)
  })
}

export async function took(work: () => Promise<unknown>): Promise<Took> {
  const busyBefore = busyMs()
  const startedMs = performance.now()
  await work()
  return { wallMs: performance.now() - startedMs, cpuMs: busyMs() - busyBefore }
}

/** proc_stat(5): user, nice, system, irq and softirq; a tick is 10 ms. */
function busyMs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number)
  return (user + nice + system + irq + softirq) * 10
}

/** The middle, with the lowest and the highest beside it. */
export function spread(all: readonly number[]): string {
  return `${shown(median(all))} (${shown(Math.min(...all))}–${shown(Math.max(...all))})`
}

export function shown(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** As many times faster as was wanted, or not. */
export function verdict(times: number, goal: number): string {
  return `${times.toFixed(1)} × (goal ${goal} ×: ${times >= goal ? 'met' : 'NOT met'})`
}

export function printTable([head = [], ...rows]: readonly (readonly string[])[]): void {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)))
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    process.stdout.write(`${cells.join('   ').trimEnd()}\n`)
  }
}
