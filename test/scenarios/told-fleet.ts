/** A process that follows a simulated run as `fleetmend runs watch` follows a real one: HOSTS [resize]. For tests on a terminal. */
import { execFileSync } from 'node:child_process'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { runProgress } from '../../packages/cli/src/progress/run-progress.ts'
import { processStreams } from '../../packages/cli/src/streams.ts'
import { toldRun } from '../../packages/controller/test/told-run.ts'

const [hosts = '3', resizes] = process.argv.slice(2)
/** Two frames. */
const seenMs = 250

const streams = processStreams()
const news = toldRun(Number(hosts))
const first = news.next().value
if (!first) throw new Error('Nothing is told.')
const progress = runProgress(streams, first.run, () => Date.parse('2026-11-21T03:20:00.000Z'))
progress.tell(first.news)
let [events, outcomes] = [0, 0]
for (const { news: each } of news) {
  progress.tell(each)
  if (each.news === 'event' && each.event.type === 'host-applied') outcomes++
  // As they arrive over a socket: many at once, and others get their turn.
  if (++events % 50 === 0) await setImmediate()
  if (outcomes !== Math.ceil(Number(hosts) / 2)) continue
  outcomes++
  await shot()
  if (resizes === undefined) continue
  for (const size of ['12x50', '30x140']) {
    const [rows = '', columns = ''] = size.split('x')
    execFileSync('stty', ['rows', rows, 'cols', columns], { stdio: ['inherit', 'ignore', 'inherit'] })
    streams.err(`\u001B]size;${size}\u0007`)
    await shot()
  }
}
await shot()
progress.end()
streams.err('over\n')

async function shot(): Promise<void> {
  await sleep(seenMs)
  streams.err('\u001B]shot\u0007')
}
