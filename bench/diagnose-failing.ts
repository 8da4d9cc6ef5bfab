/**
 * A whole diagnosis of a failing host, process start included, beside what a person would type to see the same facts, and
 * beside an empty Node, in turns on the same host. Goal: half of the runs under 150 ms of wall time and 100 ms of CPU.
 */
import { bootHost } from '../test/lab/lab.ts'
import type { LiveHost } from '../test/lab/live-host.ts'
import { until } from '../test/lab/until.ts'

const rounds = 21
const unit = 'php8.2-fpm'

/** The questions of the first five minutes, each program once, and nothing thought between them. */
const byHand = [
  ['systemctl', 'show', unit, 'nginx'],
  ['journalctl', '-u', unit, '-n', '200', '-o', 'json', '--no-pager'],
  ['php-fpm8.2', '-F', '-O', '-t'],
  ['nginx', '-T'],
  ['ss', '-xlnp'],
  ['ss', '-tlnp'],
  ['tail', '-c', '262144', '/var/log/nginx/error.log'],
  ['curl', '-s', '-o', '/dev/null', 'http://127.0.0.1/ok.php'],
] as const

const rivals: readonly { readonly name: string; readonly run: readonly (readonly string[])[] }[] = [
  { name: 'fleetmend-agent diagnose', run: [['fleetmend-agent', 'diagnose', '--json']] },
  { name: 'the same questions by hand', run: byHand },
  { name: 'an empty Node', run: [['/usr/lib/fleetmend/node', '-e', '0']] },
]

await using host = await bootHost('bench')
await host.installAgent()
await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', unit])
await until(async () => (await host.status('/ok.php')) === 502, '502')

const seen = new Map<string, { wallMs: number; cpuMs: number }[]>(rivals.map(({ name }) => [name, []]))
for (let round = 0; round < rounds; round++) {
  for (const { name, run } of rivals) {
    let [wallMs, cpuMs] = [0, 0]
    for (const argv of run) {
      const cost = await costOf(host, argv)
      wallMs += cost.wallMs
      cpuMs += cost.cpuMs
    }
    seen.get(name)?.push({ wallMs, cpuMs })
  }
}
for (const [name, all] of seen) {
  const p50 = (field: 'wallMs' | 'cpuMs') =>
    all.map((each) => each[field]).toSorted((a, b) => a - b)[Math.floor(rounds / 2)]
  process.stdout.write(
    `${name.padEnd(28)} wall p50 ${String(p50('wallMs')).padStart(5)} ms   CPU p50 ${String(p50('cpuMs')).padStart(5)} ms\n`,
  )
}

/** Measured inside by bash's `time`, children included; starting it from outside is not part of it. */
async function costOf(
  on: LiveHost,
  argv: readonly string[],
): Promise<{ readonly wallMs: number; readonly cpuMs: number }> {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null 2>/dev/null'
  const { stderr } = await on.run(['bash', '-c', script, 'time', ...argv])
  const [wall = 0, user = 0, system = 0] = stderr.trim().split(/\s+/).map(Number)
  return { wallMs: Math.round(wall * 1000), cpuMs: Math.round((user + system) * 1000) }
}
