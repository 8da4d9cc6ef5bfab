/**
 * A whole diagnosis beside logs of 2 MB and of 2 GB, on the same failing host in turns, and beside `grep -c upstream` over
 * the same 2 GB. Goal: within 1.3 of wall time. The logs are real lines at one pace, so that the big ones are old and not
 * fast; they lie in memory, so that grep never waits for a disk. Needs 5 GB of memory.
 */
import { open, statfs } from 'node:fs/promises'
import { bootHost } from '../test/lab/lab.ts'
import type { LiveHost } from '../test/lab/live-host.ts'
import { until } from '../test/lab/until.ts'

const rounds = 11
const grepRounds = 3
const unit = 'php8.2-fpm'
const sizes = { small: 2_000_000, big: 2_000_000_000 } as const
/** About half a kilobyte a second: 2 MB are an hour, 2 GB six weeks. */
const linesPerSecond = 2
const folder = '/var/log/nginx'
const kept = '/var/log/nginx-kept'

type Size = keyof typeof sizes

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (number: number): string => String(number).padStart(2, '0')
const clock = (at: Date): string => [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')

const zoneOf = (at: Date): string => {
  const east = -at.getTimezoneOffset()
  return `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`
}

/** Of one length each, whatever their numbers. */
const lines: Readonly<Record<string, (at: Date, number: number) => string>> = {
  error: (at, number) =>
    `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())} ${clock(at)} [error] 51#51: *${String(number).padStart(9, '1')} ` +
    'FastCGI sent in stderr: "PHP message: PHP Warning:  Undefined array key "page" in /var/www/html/list.php on line 42" ' +
    'while reading response header from upstream, client: 10.0.0.9, server: _, request: "GET /list.php HTTP/1.1", ' +
    'upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:", host: "shop.example"\n',
  access: (at, number) =>
    `10.0.0.9 - - [${two(at.getDate())}/${months[at.getMonth()]}/${at.getFullYear()}:${clock(at)} ${zoneOf(at)}] ` +
    `"GET /list.php?page=${String(number).padStart(9, '1')} HTTP/1.1" 200 5120 "-" "Mozilla/5.0 (X11; Linux x86_64)"\n`,
}

await using host = await bootHost('bench')
await host.installAgent()
await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', unit])
await until(async () => (await host.status('/ok.php')) === 502, '502')
await host.must(['mkdir', kept])
await host.must(['mount', '-t', 'tmpfs', '-o', 'size=5g', 'tmpfs', kept])
const { bavail, bsize } = await statfs(`/proc/${host.leaderPid}/root${kept}`)
if (bavail * bsize < 2.1 * sizes.big) throw new Error('There is too little memory for two logs of 2 GB.')

for (const size of ['small', 'big'] as const) {
  for (const [name, line] of Object.entries(lines)) await writeLog(`${kept}/${name}.${size}`, sizes[size], line)
}
const seen = new Map<string, Cost[]>()
const note = (name: string, cost: Cost) => seen.set(name, [...(seen.get(name) ?? []), cost])
const diagnosis = (size: Size) => `diagnose, logs of ${inMB(size)}`
for (let round = 0; round < rounds; round++) {
  for (const size of ['small', 'big'] as const) {
    await putInPlace(size)
    note(diagnosis(size), await costOf(host, ['fleetmend-agent', 'diagnose', '--json']))
    if (size === 'big' && round < grepRounds)
      note(
        `grep -c upstream, ${inMB(size)}, cached`,
        await costOf(host, ['grep', '-c', 'upstream', `${folder}/error.log`]),
      )
  }
}
const p50 = (name: string, field: keyof Cost): number => {
  const all = (seen.get(name) ?? []).map((each) => each[field]).toSorted((a, b) => a - b)
  return all[Math.floor(all.length / 2)] ?? Number.NaN
}
for (const name of seen.keys()) {
  const [wall, cpu] = [p50(name, 'wallMs'), p50(name, 'cpuMs')].map((ms) => String(ms).padStart(5))
  process.stdout.write(`${name.padEnd(32)} wall p50 ${wall} ms   CPU p50 ${cpu} ms\n`)
}
const ratio = p50(diagnosis('big'), 'wallMs') / p50(diagnosis('small'), 'wallMs')
process.stdout.write(`2 GB beside 2 MB: ${ratio.toFixed(2)} of wall time (goal: 1.3)\n`)
for (const size of ['small', 'big'] as const) {
  await putInPlace(size)
  process.stdout.write(`${diagnosis(size).padEnd(32)} RSS at most ${await peakMiB(host)} MiB\n`)
}

function inMB(size: Size): string {
  return size === 'big' ? '2 GB' : '2 MB'
}

/** nginx goes on writing, to this log now. */
async function putInPlace(size: Size): Promise<void> {
  for (const name of Object.keys(lines))
    await host.must(['ln', '-sf', `${kept}/${name}.${size}`, `${folder}/${name}.log`])
  await host.must(['nginx', '-s', 'reopen'])
}

/** Ends now; each line as long after the one before as the pace says. */
async function writeLog(path: string, sizeBytes: number, line: (at: Date, number: number) => string): Promise<void> {
  const total = Math.floor(sizeBytes / line(new Date(), 0).length)
  const beginMs = Date.now() - (total / linesPerSecond) * 1000
  await using file = await open(`/proc/${host.leaderPid}/root${path}`, 'w')
  for (let i = 0; i < total;) {
    let block = ''
    for (const end = Math.min(total, i + 10_000); i < end; i++)
      block += line(new Date(beginMs + (i / linesPerSecond) * 1000), i)
    await file.write(block)
  }
}

interface Cost {
  readonly wallMs: number
  readonly cpuMs: number
}

/** Measured inside by bash's `time`, children included; starting it from outside is not part of it. */
async function costOf(on: LiveHost, argv: readonly string[]): Promise<Cost> {
  // Not to /dev/null: grep would stop at the first match.
  const script = `TIMEFORMAT="%3R %3U %3S"; time "$@" >${kept}/said 2>/dev/null`
  const { stderr } = await on.run(['bash', '-c', script, 'time', ...argv])
  const [wall = 0, user = 0, system = 0] = stderr.trim().split(/\s+/).map(Number)
  return { wallMs: Math.round(wall * 1000), cpuMs: Math.round((user + system) * 1000) }
}

/** The most memory that the agent had resident, or any process of its own, as each says at its end. */
async function peakMiB(on: LiveHost): Promise<number> {
  const [script, peaks] = [`${kept}/peak.cjs`, `${kept}/peaks`]
  const tell = `process.on('exit', () => require('fs').appendFileSync('${peaks}', process.resourceUsage().maxRSS + '\\n'))`
  await on.must(['dd', `of=${script}`, 'status=none'], { input: tell })
  await on.must(['dd', `of=${peaks}`, 'status=none'], { input: '' })
  await on.run(['env', `NODE_OPTIONS=--require=${script}`, 'fleetmend-agent', 'diagnose', '--json'])
  return Math.round(Math.max(...(await on.readFile(peaks)).split('\n').map(Number)) / 1024)
}
