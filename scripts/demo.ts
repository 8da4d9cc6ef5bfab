/**
 * `npm run demo`: three real hosts, broken in three ways under real requests, and mended with the real commands. Takes
 * apart all that it set up, however it ends.
 */
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { exitCodes, paintFor, type RunView } from '@fleetmend/shared'
import { beforeAndAfter, type Row } from '../demo/table.ts'
import { timelineOf } from '../demo/timeline.ts'
import { troubles, type Trouble } from '../demo/troubles.ts'
import { walk } from '../demo/walk.ts'
import { lowerLayers } from '../test/lab/base-tree.ts'
import { canBootHosts } from '../test/lab/can-boot-hosts.ts'
import { openFleet } from '../test/lab/fleet.ts'
import { openLab, type Lab } from '../test/lab/lab.ts'
import type { LiveHost } from '../test/lab/live-host.ts'
import type { Load, LoadReport } from '../test/lab/load.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const paint = paintFor(process.stdout.isTTY, process.env)

/** Enough for customers to suffer, for queues to fill, and for a diagnosis to have something to see. */
const sufferMs = 9_000
const afterwardsMs = 6_000

const possible = await canBootHosts()
if (!possible.can) {
  say(`No real hosts can be booted here. Needed:\n${possible.missing.map((each) => `  - ${each}`).join('\n')}`)
  process.exitCode = exitCodes.refused
} else {
  process.exitCode = await demo()
}

async function demo(): Promise<number> {
  const built = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  if (built.status !== 0) return exitCodes.internal
  await lowerLayers('debian12', say)
  const startedMs = performance.now()
  // Commands that are asked at the terminal get the signal themselves; this process goes on to take everything apart.
  process.on('SIGINT', () => undefined)
  await using lab = await openLab()
  say('booting three Debian 12 hosts with systemd, nginx and PHP-FPM')
  const hosts = await Promise.all(troubles.map((trouble) => bootHost(lab, trouble)))
  say('starting a controller, and letting the hosts in with a join token each')
  await using fleet = await openFleet(lab.address)
  for (const { host } of hosts) await fleet.add(host, ['role=web'])

  say('breaking them')
  for (const { host, trouble } of hosts) {
    await trouble.breakIt(host)
    say(`  ${host.name}  ${trouble.says}`)
  }
  const customers = hosts.map(({ host, trouble }) => ({
    host,
    sinceMs: Date.now(),
    load: startCustomers(host, trouble),
  }))
  await sleep(sufferMs)
  const view = await walk(fleet, { asksAtTerminal: process.stdin.isTTY && process.stdout.isTTY, paint })
  await sleep(afterwardsMs)

  const rows: Row[] = []
  for (const { host, sinceMs, load } of customers) rows.push(await rowOf(host, sinceMs, await load.stop(), view))
  process.stdout.write(`\n${beforeAndAfter(rows, paint)}\n`)
  const healed = rows.every(({ statusAfter, timeline: { after } }) => statusAfter === 200 && after.lost === 0)
  say(
    `${healed ? 'healed' : 'NOT HEALED'} in ${Math.round((performance.now() - startedMs) / 1000)} s, the boot included`,
  )
  return healed ? exitCodes.done : exitCodes.someFailed
}

async function bootHost(lab: Lab, trouble: Trouble): Promise<{ readonly host: LiveHost; readonly trouble: Trouble }> {
  return { host: await lab.boot({ name: trouble.host }), trouble }
}

function startCustomers(host: LiveHost, { requests }: Trouble): Load {
  return host.load({ ...requests, forMs: 10 * 60_000 })
}

async function rowOf(
  host: LiveHost,
  sinceMs: number,
  load: LoadReport,
  { run, plans, reports }: RunView,
): Promise<Row> {
  const report = reports.find((each) => each.host === host.name)
  const endMs = Date.parse(report?.endedAt ?? run.endedAt ?? new Date().toISOString())
  const second = (atMs: number) => Math.max(0, Math.floor((atMs - sinceMs) / 1000))
  const timeline = timelineOf(load.bySecond, {
    beginS: second(Date.parse(report?.startedAt ?? run.startedAt)),
    endS: second(endMs) + 1,
  })
  const remediations = plans.find(({ plan }) => plan.host === host.name)?.plan.remediations ?? []
  return {
    host: host.name,
    statusBefore: Number(Object.keys(load.outcomes).find((outcome) => /^5\d\d$/.test(outcome)) ?? 200),
    statusAfter: await host.status('/ok.php'),
    changed: remediations.map(({ id }) => id).join(', ') || 'nothing',
    timeline,
  }
}

/** Progress: stdout belongs to the commands that are shown. */
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
