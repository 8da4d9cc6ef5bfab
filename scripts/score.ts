/**
 * `npm run score [NAME …]`: boots hosts, breaks them in every way there is, and prints whether each cause was named and
 * mended. Exits 4 when a row is wrong. `--at-once N` hosts (2), `--only-diagnosis` mends nothing, and with names only faults
 * whose id contains one of them; without either, the table is kept in docs/results/score.md. Faults that no test host can
 * have are judged on their records.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { exitCodes, paintFor } from '@fleetmend/shared'
import { canBootHosts } from '../test/lab/can-boot-hosts.ts'
import { openLab } from '../test/lab/lab.ts'
import { loadFaults, loadRecordedFaults } from '../test/live/faults/catalogue.ts'
import { isMended, isRight, scoreFault, type Score } from '../test/live/faults/score-fault.ts'
import { scoreRecorded } from '../test/live/faults/score-recorded.ts'
import { repairText, writeResultPage } from '../test/live/result-page.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const paint = paintFor(process.stdout.isTTY, process.env)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'at-once': { type: 'string', default: '2' }, 'only-diagnosis': { type: 'boolean', default: false } },
})
const possible = await canBootHosts()
if (!possible.can) {
  process.stderr.write(
    `No real hosts can be booted here. Needed:\n${possible.missing.map((each) => `  - ${each}`).join('\n')}\n`,
  )
  process.exitCode = exitCodes.refused
} else {
  spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  process.exitCode = await score()
}

async function score(): Promise<number> {
  const isWanted = ({ id }: { readonly id: string }) =>
    positionals.length === 0 || positionals.some((name) => id.includes(name))
  const faults = (await loadFaults()).filter(isWanted)
  const repairs = !values['only-diagnosis']
  await using lab = await openLab()
  const live: readonly Row[] = faults.flatMap((fault) =>
    (fault.releases ?? ['debian12' as const]).map((release) => ({
      id: fault.id,
      on: release,
      score: () => scoreFault(lab, fault, release, { repairs }),
    })),
  )
  const recorded: readonly Row[] = (await loadRecordedFaults())
    .filter(isWanted)
    .map((fault) => ({ id: fault.id, on: 'recorded', score: () => scoreRecorded(fault) }))
  const rows = [...live, ...recorded]
  const waiting = [...rows]
  const scores: Score[] = []
  const broken: Row[] = []
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      try {
        const row = await next.score()
        scores.push(row)
        process.stdout.write(`${lineOf(row)}\n`)
      } catch (error) {
        broken.push(next)
        process.stdout.write(`${paint.red('BROKEN')}  ${next.id} on ${next.on}: ${String(error)}\n`)
      }
    }
  }
  await Promise.all(Array.from({ length: Number(values['at-once']) }, worker))
  const right = scores.filter(isRight).length
  process.stdout.write(
    `\n${right} of ${rows.length} right${broken.length > 0 ? `, ${broken.length} could not be injected` : ''}\n`,
  )
  if (positionals.length === 0 && repairs) writeResultPage(scores, broken)
  return right === rows.length ? exitCodes.done : exitCodes.someFailed
}

interface Row {
  readonly id: string
  readonly on: string
  readonly score: () => Promise<Score>
}

function lineOf(row: Score): string {
  const { fault, release, causeFound, nothingWrong, evidenced, tookMs, repair, complaints } = row
  const mark = (good: boolean) => (good ? paint.green('✓') : paint.red('✗'))
  const marks = [causeFound, nothingWrong, evidenced, ...(repair ? [isMended(repair)] : [])].map(mark).join(' ')
  const head = `${marks}  ${fault.id.padEnd(34)} ${release.padEnd(8)} ${String(tookMs).padStart(5)} ms  ${fault.causes.join(', ') || 'nothing'}`
  const mended = repair ? ` → ${paint.dim(repairText(repair))}` : ''
  return [`${head}${mended}`, ...complaints.map((each) => `         ${paint.yellow(each)}`)].join('\n')
}
