/** The reload that loses nothing, beside the one that everybody uses, in one run under one load. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { until } from '../lab/until.ts'

const unit = 'php8.2-fpm'
const reloads = 20

describe.skipIf(await hostsAreImpossible())('with process_control_timeout unset, under load', () => {
  let host: LiveHost
  beforeAll(async () => {
    host = await bootHost('reload')
    await host.installAgent()
    // Enough workers that what is measured is the reload, not a small pool on a busy machine.
    const pool = '/etc/php/8.2/fpm/pool.d/www.conf'
    const roomy = {
      'pm.max_children': 24,
      'pm.start_servers': 12,
      'pm.min_spare_servers': 8,
      'pm.max_spare_servers': 16,
    }
    const text = Object.entries(roomy).reduce(
      (all, [name, value]) => all.replace(new RegExp(`^${name} = \\d+`, 'm'), `${name} = ${value}`),
      await host.readFile(pool),
    )
    await host.writeFile(pool, text)
    await host.must(['systemctl', 'restart', unit])
    await until(async () => (await host.status('/ok.php')) === 200, 'the host to serve')
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
  })

  interface Counted {
    readonly sent: number
    readonly lost: number
    readonly slowestMs: number
  }

  /** Requests that wait, that compute and that are over at once, together. */
  async function underLoad(work: () => Promise<void>): Promise<Counted> {
    const paths = ['/sleep.php?s=0.3', '/burn.php?s=0.05', '/ok.php']
    const loads = paths.map((path) => host.load({ path, perSecond: 4, forMs: 280_000 }))
    await sleep(500)
    await work()
    await sleep(500)
    const reports = await Promise.all(loads.map((load) => load.stop()))
    return {
      sent: reports.reduce((sum, report) => sum + report.sent, 0),
      lost: reports.reduce((sum, report) => sum + report.lost, 0),
      slowestMs: Math.max(...reports.map((report) => report.latencyMs.max)),
    }
  }

  async function reloadFpm(): Promise<void> {
    const planned = await host.agent('plan', 'reload-fpm', '--input', `service=${unit}`, '--watch', '0', '--json')
    const { digest } = (JSON.parse(planned.stdout) as PlanDocument).plans[0]!
    const applied = await host.agent('apply', digest)
    if (applied.exitCode !== 0) throw new Error(applied.stdout + applied.stderr)
  }

  test(`${reloads} times reload-fpm loses no request, ${reloads} plain reloads do`, async () => {
    const plain = await underLoad(async () => {
      for (let i = 0; i < reloads; i++) {
        await host.must(['systemctl', 'reload', unit])
        await sleep(700)
      }
    })
    const graceful = await underLoad(async () => {
      for (let i = 0; i < reloads; i++) await reloadFpm()
    })
    const words = (what: string, { lost, sent, slowestMs }: Counted) =>
      `${what}: ${lost} of ${sent} requests lost, the slowest took ${Math.round(slowestMs)} ms\n`
    process.stderr.write(words(`${reloads} × systemctl reload`, plain) + words(`${reloads} × reload-fpm`, graceful))
    expect(plain.lost).toBeGreaterThan(0)
    expect(graceful.lost).toBe(0)
    // Twelve a second, and no reload takes less than half of one: there were requests to lose each time.
    expect(graceful.sent).toBeGreaterThan(reloads * 6)
  }, 400_000)

  test('a request that does not end in time makes it let go: nothing lost, nothing reloaded', async () => {
    const slow = fetch(`http://${host.address}/sleep.php?s=25`)
    await sleep(500)
    const planned = await host.agent(
      'plan',
      'reload-fpm',
      '--input',
      `service=${unit}`,
      '--input',
      'deadlineMs=2000',
      '--watch',
      '0',
      '--json',
    )
    const { digest } = (JSON.parse(planned.stdout) as PlanDocument).plans[0]!
    const applied = await host.agent('apply', digest)
    expect(applied.stdout + applied.stderr).toMatch(/pool www/)
    expect((await slow).status).toBe(200)
    expect(await host.status('/ok.php')).toBe(200)
    const master = (await host.must(['systemctl', 'show', '--value', '--property=MainPID', unit])).trim()
    expect(await host.must(['ps', '-o', 'stat=', '-p', master])).not.toContain('T')
  })

  test('killing the apply while the master is frozen wakes it at once', async () => {
    const slow = fetch(`http://${host.address}/sleep.php?s=15`)
    await sleep(500)
    const planned = await host.agent('plan', 'reload-fpm', '--input', `service=${unit}`, '--watch', '0', '--json')
    const { digest } = (JSON.parse(planned.stdout) as PlanDocument).plans[0]!
    const applying = host.agent('apply', digest)
    const master = (await host.must(['systemctl', 'show', '--value', '--property=MainPID', unit])).trim()
    const state = async () => (await host.must(['ps', '-o', 'stat=', '-p', master])).trim()
    for (let i = 0; i < 200 && !(await state()).startsWith('T'); i++) await sleep(20)
    expect(await state()).toMatch(/^T/)
    await host.must(['systemctl', 'kill', '--signal=KILL', 'fleetmend-apply-*'])
    for (let i = 0; i < 100 && (await state()).startsWith('T'); i++) await sleep(20)
    expect(await state()).not.toMatch(/^T/)
    expect((await slow).status).toBe(200)
    await applying
    expect(await host.status('/ok.php')).toBe(200)
  })
})
