/**
 * Every test: what is instant, then the stories on real hosts, one after the other. Ends with one plain line, which
 * machines read too: `N passed, N failed`, and how many were skipped, if any.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lowerLayers } from '../test/lab/base-tree.ts'
import { canBootHosts } from '../test/lab/can-boot-hosts.ts'

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** What failed, a line each: what stands thousands of lines above is found again here. */
  readonly failures?: readonly string[]
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly success: boolean
  readonly testResults: readonly {
    readonly name: string
    readonly message?: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[] | null
    }[]
  }[]
}

const root = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'fleetmend-test-'))

// Hosts run the bundle, as it is installed.
const built = node(['scripts/build.ts'])
const impossible = await whyNoHosts()
const counts: readonly Count[] = [
  { passed: 0, failed: built ? 0 : 1, skipped: 0 },
  runProject('unit', {}),
  runProject('live', impossible === undefined ? {} : { FLEETMEND_NO_HOSTS: impossible }),
]
rmSync(scratch, { recursive: true })
const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')]
for (const each of counts.flatMap(({ failures }) => failures ?? [])) say(`failed: ${each}`)
if (globSync('/usr/lib/postgresql/*/bin/initdb').length === 0)
  say('\nNOTHING WAS TESTED OVER PostgreSQL. Needed:\n  - its server (apt-get install postgresql)\n')
if (impossible !== undefined) say(`\nNO STORY ON REAL HOSTS WAS RUN. Needed:\n${impossible}\n`)
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

/** Undefined when hosts can be booted, and then the tree they stand on is there. */
async function whyNoHosts(): Promise<string | undefined> {
  const answer = await canBootHosts()
  if (!answer.can) return answer.missing.map((each) => `  - ${each}`).join('\n')
  try {
    await lowerLayers('debian12', say)
    return undefined
  } catch (error) {
    return `  - a Debian 12 tree, which could not be built: ${error instanceof Error ? error.message : String(error)}`
  }
}

function runProject(project: string, env: Readonly<Record<string, string>>): Count {
  const output = join(scratch, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`]
  const ok = node(
    ['node_modules/vitest/vitest.mjs', 'run', '--project', project, '--passWithNoTests', ...reporters],
    env,
  )
  const report = readReport(output)
  // A file that cannot even be loaded has no failed test in it; it must not count as nothing.
  const failures = Math.max(report.numFailedTests, ok && report.success ? 0 : 1)
  return {
    passed: report.numPassedTests,
    failed: failures,
    skipped: report.numPendingTests,
    failures: failuresIn(report),
  }
}

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report
  } catch {
    // vitest itself died, and has said why.
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, success: false, testResults: [] }
  }
}

function failuresIn({ testResults }: Report): readonly string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(root, name)
    const failed = assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages?.[0])}`)
    return failed.length === 0 && message ? [`${file}: ${firstLine(message)}`] : failed
  })
}

function firstLine(text = ''): string {
  return text.split('\n', 1)[0] ?? ''
}

function node(args: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  return (
    spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status === 0
  )
}

function sum(kind: 'passed' | 'failed' | 'skipped'): number {
  return counts.reduce((total, count) => total + count[kind], 0)
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
