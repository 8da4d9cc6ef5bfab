/**
 * What an idle agent takes, connected to its controller, beside its floor: a bare Node with TLS in use, on the same host at the
 * same time. Goal: within 1.15 of private memory and of RSS (DESIGN D16).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openFleet } from '../test/lab/fleet.ts'
import { openLab } from '../test/lab/lab.ts'
import type { LiveHost } from '../test/lab/live-host.ts'
import { nodeOnHost } from '../test/lab/node-on-host.ts'

/** Long enough for the first samples, and for what answered the controller's first questions to be gone. */
const settleMs = 90_000

await using lab = await openLab()
const host = await lab.boot({ name: 'idle' })
await using fleet = await openFleet(lab.address)
await fleet.add(host)
const bare = startBare(host, lab.address).catch(() => undefined)
await sleep(settleMs)
const agent = await memoryOf(host, '/fleetmend-agent.cjs')
const floor = await memoryOf(host, 'bare-node-with-tls')
process.stdout.write(
  `agent, idle            private ${agent.privateKiB} KiB  RSS ${agent.rssKiB} KiB\n` +
    `bare Node with TLS     private ${floor.privateKiB} KiB  RSS ${floor.rssKiB} KiB\n` +
    `ratio                  private ${(agent.privateKiB / floor.privateKiB).toFixed(2)}  RSS ${(agent.rssKiB / floor.rssKiB).toFixed(2)}\n`,
)
await host.run(['pkill', '-f', 'bare-node-with-tls'])
await bare

/** Holds one TLS connection to the controller's port open, as an agent does, and nothing else. */
function startBare(on: LiveHost, address: string): Promise<unknown> {
  const program = `
    const bare_node_with_tls = 'bare-node-with-tls'
    require('node:tls').connect({ host: '${address}', port: 7443, rejectUnauthorized: false })
    setInterval(() => {}, 60_000)
  `
  return on.run([...nodeOnHost, '-e', program], { limitMs: settleMs * 4 })
}

/** Of every process with this in its command line, together. */
async function memoryOf(
  on: LiveHost,
  title: string,
): Promise<{ readonly privateKiB: number; readonly rssKiB: number }> {
  const sum = { privateKiB: 0, rssKiB: 0 }
  for (const pid of (await on.must(['pgrep', '-f', title])).trim().split('\n')) {
    const rollup = await on.must(['cat', `/proc/${pid}/smaps_rollup`])
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0)
    sum.privateKiB += field('Private_Clean') + field('Private_Dirty')
    sum.rssKiB += field('Rss')
  }
  return sum
}
