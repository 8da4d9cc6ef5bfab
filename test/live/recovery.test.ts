/** An apply and its rollback go on without whoever asked; what a kill or a power failure cuts off is finished, truthfully. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ApplyDocument, ApplyReport, PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import type { Ran } from '../lab/tool.ts'
import { until } from '../lab/until.ts'

const unit = 'php8.2-fpm'
const main = '/etc/php/8.2/fpm/php-fpm.conf'
const recoverUnit = fileURLToPath(new URL('../../packaging/systemd/fleetmend-recover.service', import.meta.url))

describe.skipIf(await hostsAreImpossible())('a real Debian 12 host', () => {
  let host: LiveHost
  let shipped: string

  beforeAll(async () => {
    host = await bootHost('recovery')
    await host.installAgent()
    await host.writeFile('/usr/lib/systemd/system/fleetmend-recover.service', readFileSync(recoverUnit))
    await host.must(['systemctl', 'daemon-reload'])
    await host.must(['systemctl', 'enable', 'fleetmend-recover'])
    shipped = await host.readFile(main)
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    await host.writeFile(main, shipped)
    await host.run(['systemctl', 'reset-failed', unit])
    await host.must(['systemctl', 'restart', unit])
    await until(async () => (await host.status('/ok.php')) === 200, 'the host to be as shipped')
  })

  /** One file is changed and FPM reloaded: the plan whose every phase can be met. */
  async function plan(watchS: number): Promise<string> {
    const words = ['make-reload-graceful', '--input', `service=${unit}`, '--watch', String(watchS), '--json']
    const { stdout, stderr } = await host.agent('plan', ...words)
    const [planned] = (JSON.parse(stdout) as PlanDocument).plans
    if (!planned) throw new Error(stdout + stderr)
    return planned.digest
  }

  async function newest(): Promise<ApplyReport> {
    const [report] = (JSON.parse((await host.agent('history', '--json')).stdout) as ApplyDocument).applies
    if (!report) throw new Error('Nothing was applied.')
    return report
  }

  async function closed(): Promise<ApplyReport> {
    await until(async () => (await newest()).phase === 'closed', 'the apply to be closed', 60_000)
    return newest()
  }

  const phase = (wanted: ApplyReport['phase']) =>
    until(
      async () =>
        (await host.run(['systemctl', 'is-active', 'fleetmend-apply-*'])).exitCode === 0 &&
        (await newest()).phase === wanted,
      wanted,
    )

  /** A request that holds the reload up, so that the master stands still meanwhile. */
  async function whileFrozen(begin: () => Promise<Ran>): Promise<{ readonly asked: Promise<Ran | Error> }> {
    const held = host.curl('/sleep.php?s=12')
    void held
    await until(async () => (await stopped()) === '' && (await busy()), 'the request to be in a worker')
    const asked = begin().catch((error: unknown) => error as Error)
    await until(async () => (await stopped()).includes('php-fpm: master'), 'the master to stand still')
    return { asked }
  }

  async function stopped(): Promise<string> {
    const all = await host.must(['ps', '-eo', 'stat=,args='])
    return all
      .split('\n')
      .filter((line) => line.startsWith('T'))
      .join('\n')
  }

  /** One and the same connection for a while: one that is over at once, of somebody else, holds nothing up. */
  async function busy(): Promise<boolean> {
    const connections = async () =>
      (await host.must(['ss', '-H', '-x', '-n', 'state', 'established']))
        .split('\n')
        .filter((line) => line.includes('php8.2-fpm.sock'))
    const before = await connections()
    await sleep(250)
    return (await connections()).some((line) => before.includes(line))
  }

  async function expectServing(): Promise<void> {
    await until(async () => (await host.status('/ok.php')) === 200, 'the host to serve')
    expect(await stopped()).toBe('')
  }

  async function restartPower(): Promise<void> {
    await host.cutPower()
    await host.powerOn()
  }

  async function killCaller(command: string): Promise<void> {
    const pids = () => host.run(['pgrep', '-f', `^/usr/lib/fleetmend/node /usr/bin/fleetmend-agent ${command}`])
    await until(async () => (await pids()).exitCode === 0, `a caller of ${command}`)
    await host.must(['kill', '-KILL', (await pids()).stdout.trim()])
  }

  test('an apply goes on when whoever asked for it is killed', async () => {
    const digest = await plan(1)
    const asked = host.agent('apply', digest).catch(() => 'killed')
    await until(
      async () => (await host.run(['systemctl', 'is-active', 'fleetmend-apply-*'])).exitCode === 0,
      'its unit',
    )
    await killCaller('apply')
    expect(await asked).toBe('killed')
    expect(await closed()).toMatchObject({ plan: digest, outcome: 'fixed' })
    expect(await host.readFile(main)).not.toBe(shipped)
    await expectServing()
  })

  test('the power fails while the reload is carried out: every file is as it was before', async () => {
    const before = await host.snapshot(['/etc'])
    const digest = await plan(0)
    const { asked } = await whileFrozen(() => host.agent('apply', digest))
    await restartPower()
    await asked
    expect(await closed()).toMatchObject({ plan: digest, outcome: 'rolled-back' })
    expect(await host.snapshot(['/etc'])).toEqual(before)
    await expectServing()
  })

  test('the power fails while the host is watched: it is watched again, and the change stays', async () => {
    const digest = await plan(4)
    const asked = host.agent('apply', digest).catch((error: unknown) => error)
    await phase('watching')
    const after = await host.snapshot(['/etc'])
    await restartPower()
    await asked
    expect(await closed()).toMatchObject({ plan: digest, outcome: 'fixed' })
    expect(await host.snapshot(['/etc'])).toEqual(after)
    await expectServing()
  })

  describe('a rollback', () => {
    test('is finished when its unit is killed in the middle, and whoever asked hears of it', async () => {
      const before = await host.snapshot(['/etc'])
      await host.agent('apply', await plan(0))
      const { apply } = await newest()
      const { asked } = await whileFrozen(() => host.agent('rollback', apply, '--json'))
      await host.must(['systemctl', 'kill', '--signal=KILL', `fleetmend-rollback-${apply}`])
      expect(await asked).toMatchObject({ exitCode: 6 })
      expect(await closed()).toMatchObject({ apply, outcome: 'rolled-back' })
      expect(await host.snapshot(['/etc'])).toEqual(before)
      await expectServing()
    })

    test('goes on when whoever asked for it is killed, and after a power failure', async () => {
      const before = await host.snapshot(['/etc'])
      await host.agent('apply', await plan(0))
      const { apply } = await newest()
      const { asked } = await whileFrozen(() => host.agent('rollback', apply))
      await killCaller('rollback')
      await asked
      expect(await stopped()).toContain('php-fpm: master')
      await restartPower()
      expect(await closed()).toMatchObject({ apply, outcome: 'rolled-back' })
      expect(await host.snapshot(['/etc'])).toEqual(before)
      await expectServing()
    })
  })
})
