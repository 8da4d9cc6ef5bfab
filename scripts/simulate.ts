/**
 * `npm run simulate [-- --seeds 10000 --from 1 --at-once 2]`: simulated nights, each from its seed; prints the story of each
 * one that breaks a rule. Exits 4 when one does.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { exitCodes } from '@fleetmend/shared'
import { simulate } from '../packages/controller/test/simulation/simulate.ts'
import { told } from '../packages/controller/test/simulation/told.ts'

interface Told {
  readonly seed: number
  /** Null: no rule was broken. */
  readonly story: string | null
  readonly events: number
  readonly kills: number
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: String(availableParallelism()) },
    /** Of the processes that do the work: every so manyth seed. */
    every: { type: 'string' },
  },
})
const [seeds, from, atOnce] = [Number(values.seeds), Number(values.from), Number(values['at-once'])]
if (values.every === undefined) process.exitCode = await simulateAll()
else await simulateSome(Number(values.every))

async function simulateAll(): Promise<number> {
  const startedMs = performance.now()
  const failed: number[] = []
  let [done, events, kills] = [0, 0, 0]
  const take = ({ seed, story, ...counted }: Told): void => {
    done++
    events += counted.events
    kills += counted.kills
    if (story === null) return
    failed.push(seed)
    // One is enough to work on; of the others the numbers are.
    if (failed.length === 1) process.stdout.write(`${story}\n`)
  }
  const workers = Array.from({ length: Math.min(atOnce, seeds) }, (_, n) => worker(n, take))
  await Promise.all(workers)
  const took = `${Math.round((performance.now() - startedMs) / 1000)} s`
  const bad = failed.length === 0 ? 'no rule was broken' : `broken: ${failed.toSorted((a, b) => a - b).join(', ')}`
  process.stdout.write(`${done} of ${seeds} seeds in ${took}, ${events} events, ${kills} kills: ${bad}\n`)
  return failed.length === 0 && done === seeds ? exitCodes.done : exitCodes.someFailed
}

function worker(n: number, take: (told: Told) => void): Promise<void> {
  const more = ['--from', String(from + n), '--seeds', String(seeds - n), '--every', String(atOnce)]
  const child = fork(import.meta.filename, more)
  child.on('message', (message) => take(message as Told))
  return new Promise((resolve) => child.on('exit', () => resolve()))
}

async function simulateSome(every: number): Promise<void> {
  for (let seed = from; seed < from + seeds; seed += every) {
    const simulated = await simulate(seed)
    const { events, kills, broken } = simulated
    process.send?.({ seed, story: broken.length === 0 ? null : told(simulated), events, kills } satisfies Told)
  }
  process.disconnect?.()
}
