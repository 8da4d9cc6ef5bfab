/**
 * What `restart-on-failure` promises, by systemd's own clock: a killed FPM is back within its RestartSec, and one that cannot
 * start is given up at the start limit instead of being started for ever.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApplyDocument, DiagnosisDocument, PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import { until } from '../lab/until.ts'
import { answers, hostOf, killMaster, untilServing, type Host } from './faults/host-kit.ts'

const pauseS = 2
const allowedStarts = 5

describe.skipIf(await hostsAreImpossible())('with restart-on-failure', () => {
  let host: Host
  beforeAll(async () => {
    host = hostOf(await bootHost({ name: 'restart' }), 'debian12')
    await host.installAgent()
    await untilServing(host)
    const asked = ['--input', `service=${host.unit}`, '--input', `pauseS=${pauseS}`]
    await planAndApply('restart-on-failure', ...asked)
  })
  afterAll(() => host?.[Symbol.asyncDispose]())

  async function planAndApply(...args: readonly string[]): Promise<ApplyDocument['applies'][number]> {
    const planned = await host.agent('plan', ...args, '--watch', '0', '--json')
    const { plans } = JSON.parse(planned.stdout) as PlanDocument
    if (!plans[0]) throw new Error(planned.stdout + planned.stderr)
    return (JSON.parse((await host.agent('apply', plans[0].digest, '--json')).stdout) as ApplyDocument).applies[0]!
  }
  async function shown(...names: readonly string[]): Promise<Readonly<Record<string, string>>> {
    const text = await host.must(['systemctl', 'show', host.unit, ...names.map((name) => `--property=${name}`)])
    return Object.fromEntries(text.split('\n').flatMap((line) => (line ? [line.split('=', 2)] : []))) as Record<
      string,
      string
    >
  }
  async function gaveUp(): Promise<number> {
    const said = await host.must(['journalctl', `--unit=${host.unit}`, '--output=cat', '--no-pager', '--boot'])
    return said.split('Start request repeated too quickly').length - 1
  }

  test('a master that is killed under load is back within RestartSec and the time it takes to start', async () => {
    expect(await shown('Restart', 'RestartUSec')).toEqual({ Restart: 'on-failure', RestartUSec: `${pauseS}s` })
    await using load = host.load({ path: '/ok.php', perSecond: 20, forMs: 60_000 })
    await sleep(500)
    expect(load.report().lost).toBe(0)
    await killMaster(host)
    await until(() => answers(host, 502), '502')
    await untilServing(host)
    const us = await shown('ActiveExitTimestampMonotonic', 'ExecMainStartTimestampMonotonic', 'NRestarts', 'Result')
    expect(us).toMatchObject({ NRestarts: '1', Result: 'success' })
    const downUs = Number(us['ExecMainStartTimestampMonotonic']) - Number(us['ActiveExitTimestampMonotonic'])
    expect(downUs).toBeGreaterThanOrEqual(pauseS * 1e6)
    // Its timers are a quarter of a second accurate (sd_event_add_time(3)), and this machine is busy.
    expect(downUs).toBeLessThan((pauseS + 1) * 1e6)
    const { lost } = load.report()
    expect(lost).toBeGreaterThan(0)
    await sleep(1000)
    const after = await load.stop()
    expect(after.bySecond.at(-1)).toMatchObject({ lost: 0 })
    expect(after.lost).toBe(lost)
  })

  test('one that cannot start is given up at the limit, and diagnose says what keeps it down', async () => {
    const text = await host.readFile(host.pool)
    const restartsBefore = Number((await shown('NRestarts'))['NRestarts'])
    await host.writeFile(host.pool, `${text}\nunknown_directive = 1\n`)
    await killMaster(host)
    await until(async () => (await shown('ActiveState'))['ActiveState'] === 'failed', 'systemd to give up', 40_000)
    const end = await shown('SubState', 'Result', 'NRestarts')
    // systemd keeps the result of the last death; that it gave up stands in its journal (`service_enter_dead`).
    expect(end).toMatchObject({ SubState: 'failed', Result: 'exit-code' })
    expect(Number(end['NRestarts']) - restartsBefore).toBeLessThanOrEqual(allowedStarts)
    await sleep((pauseS + 1) * 1000)
    expect(await shown('SubState', 'Result', 'NRestarts')).toEqual(end)
    expect(await gaveUp()).toBe(1)

    const { hosts } = JSON.parse((await host.agent('diagnose', '--json')).stdout) as DiagnosisDocument
    expect(hosts[0]?.findings).toMatchObject([
      { diagnosis: 'fpm-config-invalid', role: 'cause', remediations: [{ id: 'restore-config' }] },
      { diagnosis: 'fpm-start-limit-hit', role: 'consequence', explainedBy: 'fpm-config-invalid' },
      { diagnosis: 'fpm-crashed', role: 'consequence', explainedBy: 'fpm-config-invalid' },
    ])
    const mended = await planAndApply('restore-config', '--input', `service=${host.unit}`)
    expect(mended).toMatchObject({ outcome: 'fixed' })
    expect(await host.readFile(host.pool)).toBe(text)
    expect(await host.status('/ok.php')).toBe(200)
  })
})
