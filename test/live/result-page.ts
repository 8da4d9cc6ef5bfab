/** The page on which the newest whole score is kept, as `npm run score` writes it and a test reads it again. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMended, isRight, type Score } from './faults/score-fault.ts'
import type { Repair } from './faults/score-repair.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = `${root}docs/results/score.md`

/** `could not be injected` has no marks. */
export interface ResultRow {
  readonly id: string
  readonly on: string
  readonly isRight: boolean
  /** False also where nobody has measured it; on records there is nothing to mend. */
  readonly isMended: boolean
}

export function writeResultPage(scores: readonly Score[], broken: readonly { id: string; on: string }[]): void {
  const rows = scores.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b), 'en'))
  const right = rows.filter(isRight).length
  const times = rows.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
  const lines = [
    '# The score',
    '',
    'Written by `npm run score`: each fault on a host of its own that is really broken, and what the agent said there. The',
    'marks are: exactly the causes that there are; nothing wrong beside them; evidence for each; mended. Rows on *recorded*',
    'are hosts that were recorded (`fixtures/hosts`), because the kernels of test hosts cannot produce them.',
    '',
    'Mended means: `plan --for-findings` (where nothing is broken yet, the plan that the finding names) held what is right',
    'there and nothing else, was applied, and what visitors complained of was answered afterwards, well. *Steps*: no plan is',
    'safe there, none was made, and the finding tells a person exactly what to do. *Nothing*: nothing is to be done, and',
    'nothing was planned. *By itself*: systemd was faster.',
    '',
    'Meanwhile five visitors a second asked for a page of PHP and ten for a plain file; *lost* are requests that failed where',
    'they were answered before. *Healed* is from typing the plan to the first answer after which all are good. At last it was',
    'all rolled back: every file, mode, owner, ACL, attribute and setting of a unit is *as before*; – where nothing was',
    'changed that could be put back.',
    '',
    ...whereItRan(),
    `- **${right} of ${rows.length + broken.length} right**; a diagnosis took ${times[Math.floor(times.length / 2)] ?? 0} ms in the middle, ${times.at(-1) ?? 0} ms at most`,
    '',
    '| | fault | on | what is broken | causes | ms | mended by | lost | healed ms | after rollback |',
    '|---|---|---|---|---|---:|---|---:|---:|---|',
    ...rows.map(lineOf),
    ...broken.map(({ id, on }) => `| – – – – | ${id} | ${on} | *could not be injected* | | | | | | |`),
  ]
  mkdirSync(dirname(page), { recursive: true })
  writeFileSync(page, `${lines.join('\n')}\n`)
}

/** When, on what code and on which machine: a result is nothing without. */
export function whereItRan(): readonly string[] {
  return [
    `- ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, commit ${commitHere()}`,
    `- ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 1024 ** 3)} GiB, Linux ${release()}`,
  ]
}

function lineOf(score: Score): string {
  const { fault, release: on, causeFound, nothingWrong, evidenced, repair, tookMs } = score
  const mark = (good: boolean) => (good ? '✓' : '✗')
  const marks = [...[causeFound, nothingWrong, evidenced].map(mark), repair ? mark(isMended(repair)) : '–'].join(' ')
  const cells = [fault.id, on, fault.says, fault.causes.join(', '), tookMs, ...repairCells(repair)]
  return `| ${marks} | ${cells.join(' | ')} |`
}

function repairCells(repair: Repair | null): readonly (string | number)[] {
  if (repair === null) return ['', '', '', '']
  const { how, visits, isPutBack } = repair
  const after = visits === null ? '' : isPutBack === null ? '–' : isPutBack ? 'as before' : '**not as before**'
  return [how, visits?.lost ?? '', visits === null ? '' : (visits.healedMs ?? 'never'), after]
}

/** The same on a line of a terminal. */
export function repairText(repair: Repair): string {
  const [how = '', lost = '', healedMs = '', after = ''] = repairCells(repair)
  return repair.visits === null ? String(how) : `${how}: ${lost} lost, healed after ${healedMs} ms, ${after}`
}

function nameOf({ fault, release: on }: Score): string {
  return `${fault.id} ${on}`
}

function commitHere(): string {
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', 'packages', 'test', 'fixtures') !== ''
  return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? ' with changes that are not committed' : ''}`
}

/** Throws when there is none. */
export function readResultPage(): readonly ResultRow[] {
  return [...readFileSync(page, 'utf8').matchAll(/^\| ([✓✗– ]+) \| (\S+) \| (\S+) \|/gm)].map(
    ([, marks = '', id = '', on = '']) => ({
      id,
      on,
      isRight: marks.startsWith('✓ ✓ ✓'),
      isMended: marks.endsWith(' ✓') && marks.length === '✓ ✓ ✓ ✓'.length,
    }),
  )
}
