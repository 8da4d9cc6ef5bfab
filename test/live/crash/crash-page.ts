/** The page on which the newest whole table of crashes is kept, as `npm run crash` writes it and a test reads it again. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whereItRan } from '../result-page.ts'
import type { CrashRow } from './whole.ts'

const page = fileURLToPath(new URL('../../../docs/results/crash.md', import.meta.url))

const titles: Readonly<Record<CrashRow['how'], string>> = {
  boundary: 'Killed before a deed',
  moment: 'Killed at a random moment',
  power: 'The whole host off at once',
  mishap: 'Something comes between',
}

const hows = Object.keys(titles) as readonly CrashRow['how'][]

export function writeCrashPage(rows: readonly CrashRow[], tookMs: number): void {
  const wrong = rows.filter(({ complaints }) => complaints.length > 0).length
  const times = rows.map(({ wholeMs }) => wholeMs).toSorted((a, b) => a - b)
  const lines = [
    '# Crashes',
    '',
    'Written by `npm run crash`: applies on real hosts that are killed with SIGKILL before each of their deeds and at random',
    'moments, hosts whose power is cut, disks that fill up, and people and other applies that come between. Nobody helps',
    'afterwards: what is installed on the host finishes what was cut off. Then every file, mode, owner, ACL and attribute of',
    '/etc and every setting of the services must be as before or as planned, nginx and PHP-FPM must serve, no process may',
    'stand still, nothing temporary may be left, and `fleetmend-agent history` must say what happened.',
    '',
    'A deed is what is written, renamed, removed, signalled, told to systemd or put into the journal. Before `journal: intent`',
    'all remediations do the same, which is walked with the first. What was written before a host goes off is still there',
    'when it is booted again: what a disk loses is not shown here.',
    '',
    ...whereItRan(),
    `- **${rows.length - wrong} of ${rows.length} whole**; whole again after ${times[Math.floor(times.length / 2)] ?? 0} ms in the middle, ${times.at(-1) ?? 0} ms at most; the table took ${Math.round(tookMs / 60_000)} min`,
    ...hows.flatMap((how) => section(how, rows)),
  ]
  mkdirSync(dirname(page), { recursive: true })
  writeFileSync(page, `${lines.join('\n')}\n`)
}

function section(how: CrashRow['how'], rows: readonly CrashRow[]): readonly string[] {
  const own = rows.filter((row) => row.how === how).toSorted((a, b) => a.remediation.localeCompare(b.remediation, 'en'))
  return [
    '',
    `## ${titles[how]}`,
    '',
    '| | remediation | where | outcome | files | ms |',
    '|---|---|---|---|---|---:|',
    ...own.map(lineOf),
  ]
}

function lineOf({ complaints, remediation, where, outcome, side, wholeMs }: CrashRow): string {
  return `| ${complaints.length === 0 ? '✓' : '✗'} | ${remediation} | ${where} | ${outcome} | ${side} | ${wholeMs} |`
}

export interface KeptRow {
  readonly how: CrashRow['how']
  readonly remediation: string
  readonly where: string
  readonly isRight: boolean
}

/** Making it takes longer than a test may. */
export function wasCrashTableMade(): boolean {
  return existsSync(page)
}

/** Throws when there is none. */
export function readCrashPage(): readonly KeptRow[] {
  const text = readFileSync(page, 'utf8')
  return hows.flatMap((how) => {
    const [, rest = ''] = text.split(`\n## ${titles[how]}\n`)
    const [own = ''] = rest.split('\n## ')
    return [...own.matchAll(/^\| ([✓✗]) \| (\S+) \| (.+?) \| \S+ \| \S+ \| \d+ \|$/gm)].map(
      ([, mark, remediation = '', where = '']) => ({ how, remediation, where, isRight: mark === '✓' }),
    )
  })
}
