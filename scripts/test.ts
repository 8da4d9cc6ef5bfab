/** Runs every test and ends with a plain line: `N passed, N failed`, and how many were skipped, if any. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numFailedTestSuites: number
  readonly success: boolean
}

const scratch = mkdtempSync(join(tmpdir(), 'fleetmend-test-'))
const reports = ['unit', 'live'].map((project) => runProject(project))
rmSync(scratch, { recursive: true })

const passed = sum((report) => report.numPassedTests)
// A file that cannot even be loaded has no failed test in it; it must not count as nothing.
const failed = sum((report) => Math.max(report.numFailedTests, report.success ? 0 : 1))
const skipped = sum((report) => report.numPendingTests)
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

function runProject(project: string): Report {
  const output = join(scratch, `${project}.json`)
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${output}`, '--passWithNoTests']
  const done = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', ...args], { stdio: 'inherit' })
  const report = JSON.parse(readFileSync(output, 'utf8')) as Report
  return { ...report, success: report.success && done.status === 0 }
}

function sum(count: (report: Report) => number): number {
  return reports.reduce((total, report) => total + count(report), 0)
}
