/** Plans carried out on a real host: it heals, it is put back when that does not help, and it refuses what is stale. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApplyDocument, ApplyReport, PlanDocument, PlanRecord } from '@fleetmend/shared'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { killFpm } from '../lab/kill-fpm.ts'
import { bootHost } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { until } from '../lab/until.ts'

const unit = 'php8.2-fpm'
const pool = '/etc/php/8.2/fpm/pool.d/www.conf'
const main = '/etc/php/8.2/fpm/php-fpm.conf'

describe.skipIf(await hostsAreImpossible())('a real Debian 12 host', () => {
  let host: LiveHost
  let shipped: { readonly pool: string; readonly main: string }

  beforeAll(async () => {
    host = await bootHost('apply')
    await host.installAgent()
    shipped = { pool: await host.readFile(pool), main: await host.readFile(main) }
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    await host.writeFile(pool, shipped.pool)
    await host.writeFile(main, shipped.main)
    await host.run(['rm', '-rf', `/etc/systemd/system/${unit}.service.d`])
    await host.must(['systemctl', 'daemon-reload'])
    await host.run(['systemctl', 'reset-failed', unit])
    await host.must(['systemctl', 'restart', unit])
    await until(async () => (await host.status('/ok.php')) === 200, 'the host to be as shipped')
  })

  async function plan(...args: readonly string[]): Promise<PlanRecord> {
    const ran = await host.agent('plan', ...args, '--watch', '2', '--json')
    const document = JSON.parse(ran.stdout) as PlanDocument
    if (!document.plans[0]) throw new Error(`no plan: ${ran.stdout}${ran.stderr}`)
    return document.plans[0]
  }
  async function apply(
    digest: string,
  ): Promise<{ readonly exitCode: number; readonly report: ApplyReport; readonly stderr: string }> {
    const ran = await host.agent('apply', digest, '--json')
    const document = JSON.parse(ran.stdout) as ApplyDocument
    return { exitCode: ran.exitCode, report: document.applies[0]!, stderr: ran.stderr }
  }
  const shown = (what: string) =>
    host.must(['systemctl', 'show', '--value', `--property=${what}`, unit]).then((text) => text.trim())

  test('a crash is healed: started, and from now on restarted when it dies', async () => {
    await killFpm(host)
    const { digest } = await plan('--for-findings')
    const { exitCode, report } = await apply(digest)
    expect(report).toMatchObject({ outcome: 'fixed', problem: null, plan: digest })
    expect(exitCode).toBe(0)
    expect(await host.status('/ok.php')).toBe(200)
    expect(await shown('Restart')).toBe('on-failure')

    await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', unit])
    await until(async () => (await host.status('/ok.php')) === 200, 'systemd to start it again by itself')
    expect((await host.agent('apply', digest)).exitCode).toBe(3)

    const rolledBack = await host.agent('rollback', report.apply)
    expect(rolledBack.exitCode).toBe(6)
    expect(await shown('Restart')).toBe('no')
    expect((await host.run(['test', '-e', `/etc/systemd/system/${unit}.service.d`])).exitCode).toBe(1)
    const history = JSON.parse((await host.agent('history', '--json')).stdout) as ApplyDocument
    expect(history.applies.map((each) => each.apply)).toContain(report.apply)
  })

  test('a pool out of workers is sized, loaded without losing a request, and answers again', async () => {
    const load = host.load({ path: '/sleep.php?s=1', perSecond: 6, forMs: 60_000 })
    await sleep(4000)
    const { digest } = await plan('--for-findings')
    const { report } = await apply(digest)
    const count = await load.stop()
    expect(`${report.outcome}: ${report.verdict?.says}`).toBe(`fixed: ${report.verdict?.says}`)
    expect(await host.readFile(pool)).toContain('\npm.max_children = 10\n')
    expect(count.lost).toBe(0)
  })

  test('a plan that does not help is put back: every byte, mode and owner', async () => {
    await host.must(['chmod', '0640', pool])
    await host.must(['chown', 'root:www-data', pool])
    const before = await host.snapshot(['/etc'])
    const load = host.load({ path: '/sleep.php?s=1', perSecond: 14, forMs: 60_000 })
    await sleep(3000)
    const { digest } = await plan('--for-findings')
    const { exitCode, report } = await apply(digest)
    expect(report).toMatchObject({ outcome: 'rolled-back', verdict: { cleared: false } })
    expect(exitCode).toBe(6)
    expect(await host.snapshot(['/etc'])).toEqual(before)
    // What has queued up would be served for another minute; the next test needs an idle pool.
    const leaving = load.stop()
    await host.must(['systemctl', 'restart', unit])
    await leaving
    await until(async () => (await host.status('/ok.php')) === 200, 'the host to serve')
    await host.must(['chmod', '0644', pool])
    await host.must(['chown', 'root:root', pool])
  }, 400_000)

  test('an edit between plan and apply is refused, and named', async () => {
    const { digest } = await plan('make-reload-graceful', '--input', `service=${unit}`)
    await host.writeFile(main, `${shipped.main}; a hand was here\n`)
    const { exitCode, report } = await apply(digest)
    expect(exitCode).toBe(3)
    expect(report).toMatchObject({ outcome: 'refused', problem: { code: 'plan-is-stale' } })
    expect(report.problem!.detail).toContain(main)
    expect(await host.readFile(main)).toBe(`${shipped.main}; a hand was here\n`)
  })

  test('a digest that this host never made is refused', async () => {
    const ran = await host.agent('apply', `sha256:${'0'.repeat(64)}`)
    expect(ran).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('No such plan') as string })
  })

  test('after make-reload-graceful a plain reload by anybody loses nothing', async () => {
    const { digest } = await plan('make-reload-graceful', '--input', `service=${unit}`)
    expect(await apply(digest)).toMatchObject({ exitCode: 0, report: { outcome: 'fixed' } })
    const load = host.load({ path: '/sleep.php?s=0.3', perSecond: 8, forMs: 30_000 })
    for (let i = 0; i < 3; i++) {
      await sleep(1000)
      await host.must(['systemctl', 'reload', unit])
    }
    await sleep(1000)
    expect((await load.stop()).lost).toBe(0)
  })
})
