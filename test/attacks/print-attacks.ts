/** Set up and taken down around a run of the tests: at its end, every attack that was tried is printed as one table. */
import type { TestModule, TestProject } from 'vitest/node'
import type { AttackRow } from './attack-table.ts'

interface Tried extends AttackRow {
  readonly held: boolean
}

let project: TestProject | null = null

export function setup(begun: TestProject): void {
  project = begun
}

// Not a reporter: whoever runs the tests with reporters of their own still sees the table.
export function teardown(): void {
  const tried = (project?.vitest.state.getTestModules() ?? []).flatMap(attacksOf)
  if (tried.length > 0) process.stdout.write(`\n${attackTable(tried)}\n\n`)
}

function attacksOf(module: TestModule): readonly Tried[] {
  return [...module.children.allTests()].flatMap((test) => {
    const { attack } = test.meta()
    const { state } = test.result()
    return attack && state !== 'skipped' ? [{ ...attack, held: state === 'passed' }] : []
  })
}

function attackTable(tried: readonly Tried[]): string {
  const head = ['ATTACKER', 'ATTEMPT', 'REFUSED WITH']
  const rows = tried
    .toSorted((one, other) => one.attacker.localeCompare(other.attacker))
    .map(({ attacker, attempt, refusedWith, held }) => [attacker, attempt, held ? refusedWith : `NOT ${refusedWith}`])
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const lines = [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n\n${tried.filter(({ held }) => held).length} of ${tried.length} attacks refused`
}
