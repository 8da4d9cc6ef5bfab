/**
 * The reload that loses nothing, beside the one that everybody uses, in one run under one load: short, long, computing and
 * sleeping requests to static, dynamic and ondemand pools of one master, on every release.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import { until } from '../lab/until.ts'
import { edit, hostOf, site, type Host } from './faults/host-kit.ts'

const releases = ['debian11', 'debian12', 'debian13'] as const
const reloads = 4

/** Enough workers that what is measured is the reload, not a small pool on a busy machine. */
const managers: Readonly<Record<string, string>> = {
  static: 'pm = static\npm.max_children = 16\n',
  dynamic:
    'pm = dynamic\npm.max_children = 24\npm.start_servers = 12\npm.min_spare_servers = 8\npm.max_spare_servers = 16\n',
  ondemand: 'pm = ondemand\npm.max_children = 24\npm.process_idle_timeout = 2s\n',
}

interface Counted {
  readonly sent: number
  readonly lost: number
  readonly slowestMs: number
  /** When and how, for the person who has to find out why. */
  readonly firstLost: readonly string[]
}

describe.skipIf(await hostsAreImpossible()).each(releases)('with process_control_timeout unset, on %s', (release) => {
  let host: Host
  beforeAll(async () => {
    host = hostOf(await bootHost({ name: 'reload', release }), release)
    await host.installAgent()
    const folder = host.pool.slice(0, host.pool.lastIndexOf('/'))
    for (const [name, manager] of Object.entries(managers)) {
      const socket = `/run/php/${name}.sock`
      await host.writeFile(
        `${folder}/${name}.conf`,
        `[${name}]\nuser = www-data\ngroup = www-data\nlisten = ${socket}\nlisten.owner = www-data\nlisten.group = www-data\n${manager}`,
      )
    }
    await edit(
      host,
      site,
      'location / {',
      `location ~ ^/(static|dynamic|ondemand)(/.*\\.php)$ {
		fastcgi_pass unix:/run/php/$1.sock;
		include fastcgi_params;
		fastcgi_param SCRIPT_FILENAME $document_root$2;
	}
	location / {`,
    )
    await host.must(['systemctl', 'reload', 'nginx'])
    await host.must(['systemctl', 'restart', host.unit])
    for (const name of Object.keys(managers))
      await until(async () => (await host.status(`/${name}/ok.php`)) === 200, `pool ${name} to serve`)
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
  })

  /** Requests that wait, that compute and that are over at once, to every kind of pool. */
  async function underLoad(work: () => Promise<void>): Promise<Counted> {
    const paths = [
      '/static/sleep.php?s=0.3',
      '/static/ok.php',
      '/dynamic/burn.php?s=0.05',
      '/dynamic/sleep.php?s=0.8',
      '/ondemand/ok.php',
      '/ondemand/sleep.php?s=0.1',
    ]
    const loads = paths.map((path) => host.load({ path, perSecond: 3, forMs: 120_000 }))
    await sleep(500)
    await work()
    await sleep(500)
    const reports = await Promise.all(loads.map((load) => load.stop()))
    return {
      sent: reports.reduce((sum, report) => sum + report.sent, 0),
      lost: reports.reduce((sum, report) => sum + report.lost, 0),
      slowestMs: Math.max(...reports.map((report) => report.latencyMs.max)),
      firstLost: reports.flatMap(({ firstLost }, i) =>
        firstLost.map(({ atMs, outcome }) => `${paths[i]} ${outcome} at ${Math.round(atMs)} ms`),
      ),
    }
  }

  async function plan(...inputs: readonly string[]): Promise<string> {
    const words = [`service=${host.unit}`, ...inputs].flatMap((each) => ['--input', each])
    const planned = await host.agent('plan', 'reload-fpm', ...words, '--watch', '0', '--json')
    return (JSON.parse(planned.stdout) as PlanDocument).plans[0]!.digest
  }

  async function masterState(): Promise<string> {
    const master = (await host.must(['systemctl', 'show', '--value', '--property=MainPID', host.unit])).trim()
    return (await host.must(['ps', '-o', 'stat=', '-p', master])).trim()
  }

  test(`${reloads} times reload-fpm loses no request, ${reloads} plain reloads do`, async () => {
    const plain = await underLoad(async () => {
      for (let i = 0; i < reloads; i++) {
        await host.must(['systemctl', 'reload', host.unit])
        await sleep(700)
      }
    })
    // On a busy machine the last of these reloads takes its time.
    await sleep(2000)
    const graceful = await underLoad(async () => {
      for (let i = 0; i < reloads; i++) {
        const applied = await host.agent('apply', await plan())
        if (applied.exitCode !== 0) throw new Error(applied.stdout + applied.stderr)
      }
    })
    const words = (what: string, { lost, sent, slowestMs }: Counted) =>
      `${release}, ${what}: ${lost} of ${sent} requests lost, the slowest took ${Math.round(slowestMs)} ms\n`
    process.stderr.write(words(`${reloads} × systemctl reload`, plain) + words(`${reloads} × reload-fpm`, graceful))
    expect(plain.lost).toBeGreaterThan(0)
    expect(graceful.firstLost).toEqual([])
    expect(graceful.lost).toBe(0)
    // Eighteen a second, and no reload takes less than half of one: there were requests to lose each time.
    expect(graceful.sent).toBeGreaterThan(reloads * 9)
  }, 200_000)

  test('with log_level = debug, visitors of a pool that starts workers on demand are served who come while the master stands still', async () => {
    const main = host.pool.replace(/pool\.d\/.*/, 'php-fpm.conf')
    await host.writeFile(main, (await host.readFile(main)).replace('[global]', '[global]\nlog_level = debug'))
    await host.must(['systemctl', 'restart', host.unit])
    const digest = await plan()
    // However long the apply takes until it freezes: there is somebody to wait for.
    const slow = host.load({ path: '/static/sleep.php?s=4', perSecond: 1, forMs: 60_000 })
    await sleep(300)
    const applying = host.agent('apply', digest)
    let ended: unknown = null
    void applying.then((applied) => (ended = applied))
    await until(async () => ended !== null || (await masterState()).startsWith('T'), 'the master to stand still')
    expect(ended).toBeNull()
    const paths = ['/ondemand/ok.php', '/ondemand/sleep.php?s=0.3', '/ondemand/ok.php']
    const answers = await Promise.all(paths.map((path) => host.curl(path, { limitMs: 30_000 })))
    expect(answers).toMatchObject(paths.map(() => ({ status: 200 })))
    expect((await slow.stop()).firstLost).toEqual([])
    expect((await applying).exitCode).toBe(0)
  })

  test('a pool that starts workers on demand forks none that the reload then kills', async () => {
    const loads = [
      ...['/ondemand/ok.php', '/ondemand/sleep.php?s=0.05'].map((path) => ({ path, perSecond: 15 })),
      // Without these the master would not stand still long enough for a visitor to come meanwhile.
      { path: '/static/sleep.php?s=0.4', perSecond: 5 },
    ].map((load) => host.load({ ...load, forMs: 60_000 }))
    await sleep(300)
    for (let i = 0; i < reloads; i++) expect((await host.agent('apply', await plan())).exitCode).toBe(0)
    const reports = await Promise.all(loads.map((load) => load.stop()))
    expect(reports.flatMap(({ firstLost }) => firstLost)).toEqual([])
    const woken = masterLines(await host.readFile(`/var/log/${host.unit}.log`)).slice(-reloads)
    expect(woken).toHaveLength(reloads)
    // Whoever came meanwhile was seen by the master before the reload was; so this would tell of a fork.
    expect(woken.flat().filter((line) => line.includes('I forked'))).toEqual([])
  })

  const once = release === 'debian12'
  test.runIf(once)('a request that does not end in time makes it let go: nothing lost, nothing reloaded', async () => {
    const digest = await plan('deadlineMs=2000')
    const slow = fetch(`http://${host.address}/sleep.php?s=8`)
    await sleep(500)
    const applied = await host.agent('apply', digest)
    expect(applied.stdout + applied.stderr).toMatch(/pool www/)
    expect((await slow).status).toBe(200)
    expect(await host.status('/ok.php')).toBe(200)
    expect(await masterState()).not.toContain('T')
  })

  test.runIf(once)('killing the apply while the master is frozen wakes it at once', async () => {
    const digest = await plan()
    const slow = fetch(`http://${host.address}/sleep.php?s=8`)
    await sleep(500)
    const applying = host.agent('apply', digest)
    for (let i = 0; i < 200 && !(await masterState()).startsWith('T'); i++) await sleep(20)
    expect(await masterState()).toMatch(/^T/)
    await host.must(['systemctl', 'kill', '--signal=KILL', 'fleetmend-apply-*'])
    for (let i = 0; i < 100 && (await masterState()).startsWith('T'); i++) await sleep(20)
    expect(await masterState()).not.toMatch(/^T/)
    expect((await slow).status).toBe(200)
    await applying
    expect(await host.status('/ok.php')).toBe(200)
  })
})

/** Of each reload what the master did from when it woke until it began: the lines of those few milliseconds. */
function masterLines(log: string): readonly (readonly string[])[] {
  const lines = log.split('\n').flatMap((line) => {
    const [, seconds, says] = /^\[\S+ \d+:(\d+:\d+\.\d+)\] (.*)$/.exec(line) ?? []
    const [minute = 0, second = 0] = seconds?.split(':').map(Number) ?? []
    return says === undefined ? [] : [{ atMs: (minute * 60 + second) * 1000, says }]
  })
  return lines.flatMap(({ atMs, says }) =>
    says.includes('Reloading in progress')
      ? [lines.filter((line) => line.atMs <= atMs && atMs - line.atMs < wakingMs).map((line) => line.says)]
      : [],
  )
}

/** An idle worker was forked at least thirty milliseconds before the master was stopped. */
const wakingMs = 25
