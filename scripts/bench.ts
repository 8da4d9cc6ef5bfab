/**
 * `npm run bench [NAME …]`: runs the benchmarks, one after the other on an otherwise idle machine, each beside its rival
 * or its physical limit. What each prints is its section of bench/RESULTS.md, until it is run again.
 */
import { spawn } from 'node:child_process'
import { readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { exitCodes } from '@fleetmend/shared'
import { aboutBench, allBenches, benchPage, benchSection, readBenchPage } from '../test/lab/bench-page.ts'
import { whereItRan } from '../test/live/result-page.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const resultsPage = `${root}bench/RESULTS.md`
const wanted = process.argv.slice(2)
const benches = allBenches(root)
const names = benches.map(({ name }) => name)
const unknown = wanted.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}. There are: ${names.join(', ')}\n`)
  process.exit(exitCodes.usage)
}

/** `TMPFS_MAGIC` (linux/magic.h): there it costs nothing to have something safely on the disk. */
const isInMemory = statfsSync(tmpdir()).type === 0x01021994
const environment = `- Node ${process.version.slice(1)}; temporary files ${isInMemory ? 'in memory' : 'on a disk'}`

let failed = 0
await run(['scripts/build.ts'], () => undefined)
for (const { name, path } of benches) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stdout.write(`\n${name}\n`)
  const about = aboutBench(readFileSync(`${root}${path}`, 'utf8'))
  const where = [...whereItRan(), environment]
  let printed = ''
  const exitCode = await run([path], (text) => (printed += text))
  if (exitCode !== 0) failed++
  // After each: whoever breaks off a long run keeps what was found.
  const sections = readBenchPage(readFileSync(resultsPage, 'utf8'))
  sections.set(name, benchSection(name, { about, where, printed, exitCode }))
  writeFileSync(resultsPage, benchPage(names, sections))
}
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
