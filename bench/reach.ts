/**
 * What it costs to ask a host, over every way and by both drivers, on connections that are open: one small call after
 * another, many at once, and a whole diagnosis; beside `ssh HOST true` and `ssh HOST fleetmend-agent diagnose` over a
 * ControlMaster that is open as well, in turns on the same host. Goal: a diagnosis costs less than half of `ssh HOST true`.
 * Most of one is the look at the host, the same on every way, so that what the line adds to it is compared as well, and
 * what the programs take that have to be asked there.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { costOf, questionsByHand, type Cost } from '../test/lab/questions-by-hand.ts'
import { must, runTool } from '../test/lab/tool.ts'
import { askOver, type AskedAgent } from '../test/live/ways/asked-agent.ts'
import { bootAgentHost } from '../test/live/ways/agent-host.ts'
import { dialledOut } from '../test/live/ways/dialled-out.ts'
import { overSsh, programOf, sshDrivers } from '../test/live/ways/over-ssh.ts'
import type { Way } from '../test/live/ways/way.ts'
import { median } from '../test/lab/median.ts'

const rounds = 15
const callsPerRound = 20
const atOnce = 200

interface Seen {
  readonly callMs: number[]
  readonly callsPerSecond: number[]
  readonly diagnosisMs: number[]
  /** Without what the agent itself says that it took. */
  readonly lineMs: number[]
}

await using at = await bootAgentHost('debian12')
const { host, doors } = at
await using stack = new AsyncDisposableStack()
const ways: { readonly name: string; readonly agent: AskedAgent; readonly seen: Seen }[] = []
async function add(name: string, way: Way): Promise<void> {
  const agent = stack.use(await askOver(stack.use(way)))
  await agent.client.diagnose.query({})
  ways.push({ name, agent, seen: { callMs: [], callsPerSecond: [], diagnosisMs: [], lineMs: [] } })
}
await add('the line that the agent dials', await dialledOut(host, at.lab.address))
for (const { name, driver } of sshDrivers) {
  await add(`socket of the agent, ${name}`, await overSsh(driver, doors.bound, programOf.bound))
  await add(`session of root, ${name}`, await overSsh(driver, doors.root, programOf.root))
}

const folder = mkdtempSync(join(tmpdir(), 'fleetmend-bench-'))
stack.defer(() => rmSync(folder, { recursive: true, force: true }))
const { root } = doors
const ssh = [
  'ssh',
  ...[
    '-F',
    'none',
    '-S',
    join(folder, 'c'),
    '-o',
    'BatchMode=yes',
    '-o',
    `UserKnownHostsFile=${root.knownHostsFiles[0]}`,
  ],
  ...['-o', `HostKeyAlias=${host.name}`, '-i', root.identityFiles[0] ?? '', `root@${host.address}`],
]
await must([...ssh, '-M', '-f', '-N', '-o', 'ControlPersist=yes'])
stack.defer(async () => void (await runTool([...ssh, '-O', 'exit'])))

const trueMs: number[] = []
const rivalMs: number[] = []
for (let round = 0; round < rounds; round++) {
  trueMs.push(await tookMs(() => must([...ssh, 'true'])))
  rivalMs.push(await tookMs(() => runTool([...ssh, '/usr/bin/fleetmend-agent diagnose --json'])))
  for (const { agent, seen } of ways) {
    const small = () => agent.client.explain.query({ diagnosis: 'there-is-none' })
    for (let call = 0; call < callsPerRound; call++) seen.callMs.push(await tookMs(small))
    seen.callsPerSecond.push((atOnce * 1000) / (await tookMs(() => Promise.all(Array.from({ length: atOnce }, small)))))
    let lookMs = 0
    const wholeMs = await tookMs(async () => {
      lookMs = (await agent.client.diagnose.query({})).tookMs
    })
    seen.diagnosisMs.push(wholeMs)
    seen.lineMs.push(wholeMs - lookMs)
  }
}

const unitMs = median(trueMs)
print('', 'a call', 'calls/s', 'diagnosis', 'of it the line')
for (const { name, seen } of ways)
  print(name, ms(seen.callMs), median(seen.callsPerSecond).toFixed(0), ms(seen.diagnosisMs), ms(seen.lineMs))
print('ssh HOST true', ms(trueMs), (1000 / unitMs).toFixed(0), '', '')
print('ssh HOST fleetmend-agent diagnose', '', '', ms(rivalMs), '')
process.stdout.write(
  `\nMedians of ${rounds} rounds in turns; load ${loadavg()[0]?.toFixed(1)} on this machine.\n` +
    `"Of it the line" is a diagnosis without the look, which the agent times itself. Shares are of \`ssh HOST true\` (${unitMs.toFixed(1)} ms); goal 0.50:\n`,
)
for (const { name, seen } of ways) print(name, goal('diagnosis', seen.diagnosisMs), goal('line', seen.lineMs))

process.stdout.write('\nThe same questions typed at that host, one after the other, each its median of 5:\n')
for (const argv of questionsByHand) {
  const costs: Cost[] = []
  for (let round = 0; round < 5; round++) costs.push(await costOf(host, argv))
  const half = (field: keyof Cost) => `${median(costs.map((cost) => cost[field]))} ms`
  print(argv.slice(0, 3).join(' '), `wall ${half('wallMs')}`, `CPU ${half('cpuMs')}`)
}
process.stdout.write(
  'Whether the configuration would load is asked each time, as it may be the cause and may have changed a moment ago.\n' +
    'A diagnosis that costs less than half of `ssh HOST true` would have to leave that out, and not start systemctl or journalctl.\n',
)

function goal(what: string, all: readonly number[]): string {
  const share = median(all) / unitMs
  return `  ${what} ${share.toFixed(2)} ${share < 0.5 ? 'met' : 'NOT met'}`
}

function print(...[name = '', ...cells]: readonly string[]): void {
  process.stdout.write(`${name.padEnd(40)}${cells.map((cell) => cell.padStart(16)).join('')}\n`)
}

function ms(all: readonly number[]): string {
  return `${median(all).toFixed(1)} ms`
}

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}
