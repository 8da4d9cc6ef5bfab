/**
 * The reload where nginx keeps idle connections to PHP open: workers wait on them, and a worker that ends closes one in the
 * moment in which nginx sends a POST on it. Quiet and under load, beside a plain reload; and cut off while workers stand still.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApplyDocument, PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import { until } from '../lab/until.ts'
import { hostOf, setFpm, site, untilServing, type Host } from './faults/host-kit.ts'
import { keepConnections } from './faults/kept-site.ts'

const reloads = 3
const keptPerWorker = 3

describe.skipIf(await hostsAreImpossible())('with connections that nginx keeps to PHP', () => {
  let host: Host
  beforeAll(async () => {
    host = hostOf(await bootHost({ name: 'kept' }), 'debian12')
    await host.installAgent()
    await setFpm(host, host.pool, 'pm', 'static')
    await setFpm(host, host.pool, 'pm.max_children', '16')
    await host.must(['systemctl', 'restart', host.unit])
    await keepConnections(host, keptPerWorker)
    await untilServing(host)
  })
  afterAll(() => host?.[Symbol.asyncDispose]())

  async function planned(...inputs: readonly string[]): Promise<PlanDocument> {
    const words = [`service=${host.unit}`, ...inputs].flatMap((each) => ['--input', each])
    return JSON.parse(
      (await host.agent('plan', 'reload-fpm', ...words, '--watch', '0', '--json')).stdout,
    ) as PlanDocument
  }
  async function applied(digest: string): Promise<ApplyDocument['applies'][number]> {
    return (JSON.parse((await host.agent('apply', digest, '--json')).stdout) as ApplyDocument).applies[0]!
  }
  async function states(...pattern: readonly string[]): Promise<readonly string[]> {
    const pids = (await host.run(['pgrep', ...pattern])).stdout.split('\n').filter(Boolean)
    return (await host.run(['ps', '-o', 'stat=', '-p', pids.join(',')])).stdout.split('\n').filter(Boolean)
  }
  const workersStand = async () => (await states('-f', '^php-fpm: pool')).every((state) => state.startsWith('T'))

  test('a quiet host is reloaded within three seconds, and the plan said how', async () => {
    for (let i = 0; i < keptPerWorker * 2; i++) await host.curl('/ok.php')
    const { plans } = await planned('deadlineMs=3000')
    expect(plans[0]?.plan).toMatchObject({
      acts: [{ act: 'reload-fpm', reloadsNginx: true }],
      checks: [{ check: 'fpm-config' }, { check: 'nginx-config', when: 'planned' }],
      disturbs: expect.arrayContaining([expect.stringContaining('idle connections that it keeps to www')]),
    })
    const report = await applied(plans[0]!.digest)
    expect(report).toMatchObject({ outcome: 'fixed' })
    expect(JSON.stringify(report)).toContain('and nginx gave up the connections it kept to them')
  })

  test(`${reloads} reloads under load lose no request, and no POST either`, async () => {
    const paths = ['/ok.php', '/ok.php?second', '/sleep.php?s=0.2', '/burn.php?s=0.02']
    const loads = paths.flatMap((path) =>
      [{}, { form: 'item=1' }].map((what) => host.load({ path, perSecond: 6, forMs: 60_000, ...what })),
    )
    await sleep(300)
    for (let i = 0; i < reloads; i++) {
      const { plans } = await planned()
      expect(await applied(plans[0]!.digest)).toMatchObject({ outcome: 'fixed' })
    }
    const reports = await Promise.all(loads.map((load) => load.stop()))
    expect(reports.flatMap(({ firstLost }) => firstLost)).toEqual([])
    expect(reports.reduce((sum, { good }) => sum + good, 0)).toBeGreaterThan(reloads * 24)
  })

  test('killed while workers stand still too, it leaves none asleep', async () => {
    const { plans } = await planned()
    // A master that does not read its signals: nginx takes as long as it wants.
    const nginx = (await host.readFile('/run/nginx.pid')).trim()
    await host.must(['kill', '-STOP', nginx])
    const applying = host.agent('apply', plans[0]!.digest)
    await until(workersStand, 'workers to stand still')
    await host.must(['systemctl', 'kill', '--signal=KILL', 'fleetmend-apply-*'])
    await until(async () => !(await states('-f', '^php-fpm')).some((state) => state.startsWith('T')), 'all to wake')
    await host.must(['kill', '-CONT', nginx])
    await applying
    expect(await host.status('/ok.php')).toBe(200)
  })

  test('it loads nothing of nginx that somebody else wrote, before the plan or after it', async () => {
    const { plans } = await planned()
    // Start times of processes count in whole seconds.
    await sleep(1100)
    await host.writeFile(site, `${await host.readFile(site)}# half an idea\n`)
    const stale = await applied(plans[0]!.digest)
    expect(stale).toMatchObject({
      outcome: 'refused',
      problem: { detail: expect.stringContaining('files of nginx were edited') },
    })
    const { without } = await planned()
    expect(without).toMatchObject([
      { because: expect.stringContaining('would also load'), toDo: expect.stringContaining('plan reload-nginx') },
    ])
  })
})
