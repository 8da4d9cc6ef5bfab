/** What a real host puts on record of a repair, from all the processes that take part in it, held against its controller. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openFleetOfOne, type FleetOfOne } from '../lab/fleet-of-one.ts'
import type { Fleet } from '../lab/fleet.ts'
import { killFpm } from '../lab/kill-fpm.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { must, runTool } from '../lab/tool.ts'
import { until } from '../lab/until.ts'

const unit = 'php8.2-fpm'
const chain = '/var/lib/fleetmend/audit/000000000001.jsonl'

interface HostAudit {
  readonly records: readonly { readonly sequence: number; readonly entry: { readonly type: string } }[]
  readonly broken: readonly unknown[]
}

describe.skipIf(await hostsAreImpossible())('the record of a host', () => {
  let opened: FleetOfOne
  let host: LiveHost
  let fleet: Fleet

  beforeAll(async () => {
    opened = await openFleetOfOne()
    ;({ host, fleet } = opened)
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())

  async function typesOf(): Promise<readonly string[]> {
    const { records, broken } = JSON.parse((await host.agent('audit', '--json')).stdout) as HostAudit
    expect(broken).toEqual([])
    return records.map(({ entry }) => entry.type)
  }

  test('tells of a repair from the enrolment on, and holds against what the controller keeps', async () => {
    await killFpm(host)
    const ran = await fleet.cli(['fix', '--yes', '--key', fleet.key, '--watch', '3', '--reason', 'FPM is dead'])
    expect(ran, ran.stdout + ran.stderr).toMatchObject({ exitCode: 0 })
    expect(await typesOf()).toEqual([
      'began',
      'enrolled',
      'rules-seen',
      'plan-made',
      'rules-seen',
      'apply-admitted',
      'apply-ended',
      'controller-head',
    ])
    const live = await fleet.cli(['audit', 'verify', '--live', '--approvers', `${fleet.folder}/approvers`])
    expect(live, live.stdout + live.stderr).toMatchObject({ exitCode: 0 })
    expect(live.stdout).toContain('web-1: what it shows now, 1 record, 8')
  })

  test('stock ssh-keygen confirms, by the list on the host, the approval that the controller exports', async () => {
    const run = (await fleet.newestRun()).run.id
    await must(['env', '-C', fleet.folder, ...fleet.commandLine(['audit', 'export', '--run', run, '--approval', '1'])])
    const list = `${fleet.folder}/approvers-of-web-1`
    writeFileSync(list, await host.must(['cat', '/etc/fleetmend/approvers']))
    const signed = `${fleet.folder}/${run}-1`
    const args = ['-n', 'fleetmend-approval@v1', '-f', list, '-I', 'olivia', '-s', `${signed}.sig`]
    const verified = await runTool(['ssh-keygen', '-Y', 'verify', ...args], { input: readFileSync(signed) })
    expect(verified.stdout + verified.stderr).toContain('Good "fleetmend-approval@v1" signature for olivia')
  })

  test('has what a person at the host did without the controller, which hears of it', async () => {
    const planned = await host.agent('plan', 'reload-fpm', '--input', `service=${unit}`, '--watch', '0', '--json')
    const { plans } = JSON.parse(planned.stdout) as { plans: readonly { digest: string }[] }
    expect(await host.agent('apply', plans[0]!.digest)).toMatchObject({ exitCode: 0 })
    expect((await typesOf()).slice(-3)).toEqual(['plan-made', 'apply-admitted', 'apply-ended'])
    await host.must(['systemctl', 'restart', 'fleetmend-agent'])
    const told = async () => (await fleet.cli(['audit', 'list', '--host', 'web-1'])).stdout
    await until(async () => (await told()).includes('by root at this host: Let a-'), 'the controller to hear of it')
  })

  test('goes on after a power cut in the middle of a record, and says so', async () => {
    await host.must(['sh', '-c', `printf '{"at":"2026-11-2' >> ${chain}`])
    expect((await host.agent('plan', 'reload-fpm', '--input', `service=${unit}`)).exitCode).toBe(2)
    expect((await typesOf()).slice(-2)).toEqual(['repaired', 'plan-made'])
    const live = await fleet.cli(['audit', 'verify', '--live'])
    expect(live, live.stdout).toMatchObject({ exitCode: 0 })
  })

  test('that was cut off is an alarm as soon as the host comes back', async () => {
    await host.must(['sh', '-c', `head -n 5 ${chain} > /root/short && cat /root/short > ${chain}`])
    await host.must(['systemctl', 'restart', 'fleetmend-agent'])
    const listed = async () => (await fleet.cli(['hosts', 'list'])).stdout
    await until(async () => (await listed()).includes('ALARM audit-truncated on web-1'), 'the alarm')
    expect(await fleet.cli(['audit', 'verify', '--live'])).toMatchObject({ exitCode: 4 })
  })
})
