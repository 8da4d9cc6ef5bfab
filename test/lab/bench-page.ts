/** The page of benchmarks: a section for each, which is replaced when that one has been run again. */
import { globSync } from 'node:fs'
import { basename } from 'node:path'

/** Where benchmarks are: what crosses packages, and what is of one. */
const benchFiles = ['bench/*.ts', 'packages/*/bench/*.ts']

export interface Bench {
  readonly name: string
  /** From the root of the repository. */
  readonly path: string
}

/** In the order of the page. */
export function allBenches(root: string): readonly Bench[] {
  return globSync(benchFiles, { cwd: root })
    .toSorted()
    .map((path) => ({ name: basename(path, '.ts'), path }))
}

/** What a benchmark says of itself, in the comment at its head: what is measured, beside what, and the goal. */
export function aboutBench(source: string): string {
  const [, comment = ''] = /^\/\*\*(.*?)\*\//s.exec(source) ?? []
  return comment
    .split('\n')
    .map((line) => line.replace(/^ ?\* ?/, '').trim())
    .filter(Boolean)
    .join('\n')
}

export interface BenchRun {
  readonly about: string
  /** When, on what code and on which machine, as lines of a list. */
  readonly where: readonly string[]
  readonly printed: string
  readonly exitCode: number | null
}

export function benchSection(name: string, { about, where, printed, exitCode }: BenchRun): string {
  const ending = exitCode === 0 ? [] : ['', `It ended with exit code ${exitCode}.`]
  return [`## ${name}`, '', about, '', ...where, '', '```', printed.trimEnd(), '```', ...ending, ''].join('\n')
}

/** By name. */
export function readBenchPage(page: string): Map<string, string> {
  const sections = page.split(/^(?=## )/m).slice(1)
  return new Map(sections.map((text) => [text.slice(3, text.indexOf('\n')), text]))
}

/** What is no benchmark any more leaves the page. */
export function benchPage(names: readonly string[], sections: ReadonlyMap<string, string>): string {
  const kept = names.map((name) => sections.get(name)?.trimEnd()).filter((text) => text !== undefined)
  const head = ['# Results', '', 'Written by `npm run bench`; `npm run bench NAME` replaces what NAME found before.']
  return `${[head.join('\n'), ...kept].join('\n\n')}\n`
}
