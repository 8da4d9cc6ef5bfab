/** A run that mended a host is rolled back by a run: every file is as it was, the fault with it, and it can be mended again. */
import type { RunView } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openFleetOfOne, type FleetOfOne } from '../lab/fleet-of-one.ts'
import type { Fleet } from '../lab/fleet.ts'
import { until } from '../lab/until.ts'
import { fpmMovedReloaded } from './faults/address/fpm-moved-reloaded.ts'
import { hostOf, type Host } from './faults/host-kit.ts'

const watch = ['--watch', '3'] as const
const configuration = ['/etc/php', '/etc/nginx', '/etc/systemd', '/etc/logrotate.d']

describe.skipIf(await hostsAreImpossible())('a run that is rolled back, on a real host', () => {
  let opened: FleetOfOne
  let host: Host
  let fleet: Fleet

  beforeAll(async () => {
    opened = await openFleetOfOne(['role=web'])
    fleet = opened.fleet
    host = hostOf(opened.host, 'debian12')
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  const snapshot = () => host.snapshot(configuration)
  const answers = (status: number) => until(async () => (await host.status('/ok.php')) === status, String(status))

  async function fixed(...what: readonly string[]): Promise<string> {
    const ran = await fleet.cli(['fix', ...what, '--yes', '--key', fleet.key, ...watch])
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    return (await fleet.newestRun()).run.id
  }
  const rollback = (run: string) => fleet.cli(['runs', 'rollback', run, '--yes', '--key', fleet.key, ...watch])

  test('a repair is taken back whole, stays back though the site fails, and is made again', async () => {
    await host.must(['chown', 'root:www-data', host.pool])
    await host.must(['chmod', '0640', host.pool])
    await host.must(['setfacl', '-m', 'u:daemon:r', host.pool])
    await host.must(['setfattr', '-n', 'user.note', '-v', 'ours', host.pool])
    await fpmMovedReloaded.inject(host)
    await answers(502)
    const broken = await snapshot()
    const repair = await fixed()
    await answers(200)
    const mended = await snapshot()
    expect(mended).not.toEqual(broken)

    const back = await rollback(repair)
    expect(await snapshot()).toEqual(broken)
    expect(await host.status('/ok.php')).toBe(502)
    expect([back.exitCode, back.stdout], back.stderr).toEqual([4, expect.stringContaining('undone, and fails with it')])
    expect(back.stdout).toContain('The failure that was there before may return: upstream-mismatch on')
    expect(await fleet.newestRun()).toMatchObject({
      run: { follows: { run: repair, as: 'rollback' }, hosts: [{ state: 'cleared-still-failing' }] },
      reports: [
        {
          remediations: ['undo-apply'],
          verdict: { says: expect.stringMatching(/^Undone, and these fail/) as string },
        },
      ],
    })

    await fixed()
    await answers(200)
    expect(await snapshot()).toEqual(mended)
  })

  test('what a run made is gone again, and systemd knows it', async () => {
    const before = await snapshot()
    const dropIns = `/etc/systemd/system/${host.unit}.service.d`
    const run = await fixed('--do', 'restart-on-failure', '--input', `service=${host.unit}`)
    const restarts = () => host.must(['systemctl', 'show', '--value', '--property=Restart,NeedDaemonReload', host.unit])
    expect(await restarts()).toContain('on-failure')
    const back = await rollback(run)
    expect([back.exitCode, back.stdout], back.stderr).toEqual([0, expect.stringContaining('undone')])
    expect(back.stdout).toContain(`The folder ${dropIns} was made for it, and stays, empty.`)
    const { [dropIns]: folder, ...now } = await snapshot()
    expect([now, folder?.kind]).toEqual([before, 'd'])
    expect(await restarts()).not.toContain('on-failure')
    expect(await host.status('/ok.php')).toBe(200)
  })

  test('an edit by somebody else is not lost: the plan refuses, and says which file', async () => {
    const run = await fixed('--do', 'tune-pool', '--input', `pool=${host.unit}/www`, '--input', 'maxChildren=8')
    await host.writeFile(host.pool, `${await host.readFile(host.pool)}; raised for the sale, ana\n`)
    const edited = await snapshot()
    const refused = await rollback(run)
    expect([refused.exitCode, refused.stdout], refused.stderr).toEqual([
      3,
      expect.stringContaining(`${host.pool} was edited since, at `),
    ])
    expect(refused.stdout).toContain('Putting the old state back would lose that.')
    expect(await snapshot()).toEqual(edited)
    const [own] = (await fleet.newestRun()).run.hosts
    expect(own).toMatchObject({ state: 'plan-refused', plan: null })

    const { reports } = JSON.parse((await fleet.cli(['runs', 'show', run, '--json'])).stdout) as RunView
    const here = await host.agent('plan', 'undo-apply', '--input', `apply=${reports[0]!.apply}`)
    expect([here.exitCode, here.stderr + here.stdout]).toEqual([3, expect.stringContaining('was edited since')])
  })
})
