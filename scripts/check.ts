/** `pnpm check`: everything that needs no real host, in one command. Every step runs, so one call shows all there is to mend. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Step {
  readonly name: string
  /** A program of the workspace and its arguments. */
  readonly run: readonly [program: string, ...args: string[]]
  /** What to do about a failure, where the output does not say it. */
  readonly advice?: string
}

const steps: readonly Step[] = [
  { name: 'types', run: ['tsc', '-p', '.'] },
  { name: 'lint', run: ['oxlint'] },
  {
    name: 'format',
    run: ['oxfmt', '--list-different', '.'],
    advice: 'These files are not formatted; `pnpm format` does it.',
  },
  { name: 'unused', run: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'tests', run: ['vitest', 'run', '--project', 'unit', '--silent=passed-only', '--reporter=dot'] },
  { name: 'build', run: ['node', 'scripts/build.ts'] },
]

const failed = steps.filter((step) => !passes(step))
say(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.map((step) => step.name).join(', ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1

function passes({ name, run: [program, ...args], advice }: Step): boolean {
  const startedMs = performance.now()
  const done = spawnSync(`node_modules/.bin/${program}`, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  const ok = done.status === 0
  say(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(8)} ${seconds.padStart(5)} s`)
  if (!ok)
    say(
      [done.stdout, done.stderr, done.error?.message, advice]
        .filter(Boolean)
        .join('\n')
        .trim()
        .replace(/^/gm, '        '),
    )
  return ok
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
