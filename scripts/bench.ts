/**
 * `npm run bench [NAME …]`: runs the benchmarks, one after the other on an otherwise idle machine, each beside its rival
 * or its physical limit. Without names what they print is kept in bench/RESULTS.md.
 */
import { spawn } from 'node:child_process'
import { globSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitCodes } from '@fleetmend/shared'
import { whereItRan } from '../test/live/result-page.ts'
import { aboutBench, benchFiles } from '../test/lab/about-bench.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.slice(2)
const isWanted = (name: string) => wanted.length === 0 || wanted.some((each) => name.includes(each))

const sections: string[] = []
let failed = 0
await run(['scripts/build.ts'], () => undefined)
for (const path of globSync(benchFiles, { cwd: root }).toSorted().filter(isWanted)) {
  const name = basename(path, '.ts')
  process.stdout.write(`\n${name}\n`)
  let printed = ''
  const exitCode = await run([path], (text) => (printed += text))
  if (exitCode !== 0) failed++
  const about = aboutBench(readFileSync(`${root}${path}`, 'utf8'))
  const ending = exitCode === 0 ? [] : [`It ended with exit code ${exitCode}.`, '']
  sections.push(`## ${name}`, '', about, '', '```', printed.trimEnd(), '```', '', ...ending)
}
/** `TMPFS_MAGIC` (linux/magic.h): there it costs nothing to have something safely on the disk. */
const isInMemory = statfsSync(tmpdir()).type === 0x01021994
const page = [
  '# Results',
  '',
  'Written by `npm run bench`.',
  '',
  ...whereItRan(),
  `- Node ${process.version.slice(1)}; temporary files ${isInMemory ? 'in memory' : 'on a disk'}`,
  '',
  ...sections,
]
if (wanted.length === 0) writeFileSync(`${root}bench/RESULTS.md`, page.join('\n'))
process.exitCode = failed === 0 ? exitCodes.done : exitCodes.someFailed

function run(args: readonly string[], print: (text: string) => void): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      process.stdout.write(text)
      print(text)
    })
    child.on('error', reject)
    child.on('close', resolve)
  })
}
