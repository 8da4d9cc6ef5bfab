/**
 * A whole diagnosis of a failing host: asked of the serving agent, as a controller does, and typed at the host, process
 * start included; beside what a person would type to see the same facts, and beside an empty Node, in turns on the same
 * host. Goal of the first: half of the runs under 150 ms of wall time and 100 ms of CPU, its children's included.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { clientOver, Peer, streamChannel } from '@fleetmend/shared'
import type { AgentRouter } from '../packages/agent/src/index.ts'
import { bootHost } from '../test/lab/lab.ts'
import type { LiveHost } from '../test/lab/live-host.ts'
import { nodeOnHost } from '../test/lab/node-on-host.ts'
import { costOf, fpmUnit, questionsByHand, type Cost } from '../test/lab/questions-by-hand.ts'
import { until } from '../test/lab/until.ts'

const rounds = 21
const agentUnit = new URL('../packaging/systemd/fleetmend-agent.service', import.meta.url)

await using host = await bootHost('bench')
await host.installAgent()
await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', fpmUnit])
await until(async () => (await host.status('/ok.php')) === 502, '502')

await host.writeFile('/etc/systemd/system/fleetmend-agent.service', readFileSync(agentUnit))
await host.must(['systemctl', 'daemon-reload'])
await host.must(['systemctl', 'start', 'fleetmend-agent'])
await using asked = await askServing(host)

const rivals: readonly { readonly name: string; readonly cost: () => Promise<Cost> }[] = [
  { name: 'asked of the serving agent', cost: asked.cost },
  { name: 'fleetmend-agent diagnose', cost: () => costOf(host, ['fleetmend-agent', 'diagnose', '--json']) },
  { name: 'the same questions by hand', cost: () => costOfAll(host, questionsByHand) },
  { name: 'an empty Node', cost: () => costOf(host, [...nodeOnHost, '-e', '0']) },
]
const seen = new Map<string, Cost[]>(rivals.map(({ name }) => [name, []]))
for (let round = 0; round < rounds; round++) for (const { name, cost } of rivals) seen.get(name)?.push(await cost())
for (const [name, all] of seen) {
  const half = (field: keyof Cost) => all.map((each) => each[field]).toSorted((a, b) => a - b)[Math.floor(rounds / 2)]
  // Of the serving agent it is known in ticks of 10 ms, which say nothing of one run and enough of many.
  const meanCpuMs = Math.round(all.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / all.length)
  process.stdout.write(
    `${name.padEnd(28)} wall p50 ${String(half('wallMs')).padStart(5)} ms   CPU p50 ${String(half('cpuMs')).padStart(5)} ms, mean ${meanCpuMs} ms\n`,
  )
}

/** Over the host's own socket, which is what a controller's line leads to. */
async function askServing(on: LiveHost): Promise<AsyncDisposable & { readonly cost: () => Promise<Cost> }> {
  const path = '/run/fleetmend/agent.sock'
  await until(async () => (await on.run(['test', '-S', path])).exitCode === 0, 'the socket of the agent')
  const socket = connect(`/proc/${on.leaderPid}/root${path}`)
  await once(socket, 'connect')
  const peer = new Peer(streamChannel(socket))
  const client = clientOver<AgentRouter>(peer)
  const diagnosis = await client.diagnose.query({})
  if (diagnosis.status !== 'failing') throw new Error(`The host is ${diagnosis.status}, and was to fail.`)
  const pid = (await on.must(['pgrep', '-f', 'internal-answer'])).trim()
  return {
    async cost() {
      const before = await cpuMsOf(on, pid)
      const startedMs = performance.now()
      await client.diagnose.query({})
      const wallMs = Math.round(performance.now() - startedMs)
      return { wallMs, cpuMs: (await cpuMsOf(on, pid)) - before }
    },
    async [Symbol.asyncDispose]() {
      peer.close()
      await peer.ended
    },
  }
}

/** User and system time, with that of its children that have ended (proc_pid_stat(5), fields 14 to 17; a tick is 10 ms). */
async function cpuMsOf(on: LiveHost, pid: string): Promise<number> {
  const stat = await on.must(['cat', `/proc/${pid}/stat`])
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10
}

async function costOfAll(on: LiveHost, programs: readonly (readonly string[])[]): Promise<Cost> {
  let [wallMs, cpuMs] = [0, 0]
  for (const argv of programs) {
    const cost = await costOf(on, argv)
    wallMs += cost.wallMs
    cpuMs += cost.cpuMs
  }
  return { wallMs, cpuMs }
}
