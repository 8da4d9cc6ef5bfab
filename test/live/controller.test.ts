/** The same repair through a controller: with an approval that the host checks itself, and with a controller that dies. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  manifestBytes,
  manifestDigest,
  planTree,
  problemOf,
  type Approval,
  type ApplyDocument,
  type DiagnosisDocument,
  type HostRecordView,
  type Manifest,
  type PlanDocument,
  type PlanRecord,
  type RunView,
} from '@fleetmend/shared'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Sample } from '../../packages/agent/src/samples/sample.ts'
import { callAgent } from '../lab/call-agent.ts'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openFleetOfOne, type FleetOfOne } from '../lab/fleet-of-one.ts'
import type { Fleet } from '../lab/fleet.ts'
import { killFpm } from '../lab/kill-fpm.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { must } from '../lab/tool.ts'
import { until } from '../lab/until.ts'

const unit = 'php8.2-fpm'

interface HostsDocument {
  readonly hosts: readonly HostRecordView[]
}

describe.skipIf(await hostsAreImpossible())('a host with an agent, and its controller', () => {
  let opened: FleetOfOne
  let host: LiveHost
  let fleet: Fleet

  beforeAll(async () => {
    opened = await openFleetOfOne(['role=web'])
    ;({ host, fleet } = opened)
  })
  afterAll(() => opened?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    await host.run(['rm', '-rf', `/etc/systemd/system/${unit}.service.d`])
    await host.must(['systemctl', 'daemon-reload'])
    await host.run(['systemctl', 'reset-failed', unit])
    await host.must(['systemctl', 'restart', unit])
  })

  async function planned(): Promise<RunView> {
    await killFpm(host)
    const ran = await fleet.cli(['plan', '--for-findings', '--watch', '3', '--reason', 'FPM is dead'])
    expect(ran, ran.stderr).toMatchObject({ exitCode: 2 })
    return fleet.newestRun()
  }
  async function approved(): Promise<RunView> {
    const view = await planned()
    const digest = manifestDigest(view.run.manifest!)
    const ran = await fleet.cli(['approve', view.run.id, '--digest', digest, '--key', fleet.key, '--yes'])
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 })
    return view
  }
  const appliesOf = async (plan: string) => {
    const history = JSON.parse((await host.agent('history', '--json')).stdout) as ApplyDocument
    return history.applies.filter((apply) => apply.plan === plan)
  }

  test('fix: from the fault to a healed host, with one command', async () => {
    await killFpm(host)
    const seen = await fleet.cli(['diagnose', '--json'])
    expect(seen.exitCode).toBe(2)
    const { hosts } = JSON.parse(seen.stdout) as DiagnosisDocument
    expect(hosts).toMatchObject([{ host: 'web-1', outcome: 'diagnosed', status: 'failing' }])

    const ran = await fleet.cli(['fix', '--yes', '--key', fleet.key, '--watch', '3', '--reason', 'FPM is dead'])
    expect(ran, ran.stdout + ran.stderr).toMatchObject({ exitCode: 0 })
    expect(await host.status('/ok.php')).toBe(200)
    const { run, reports } = await fleet.newestRun()
    expect(run).toMatchObject({ state: 'finished', hosts: [{ id: 'web-1', state: 'fixed' }] })
    expect(reports).toMatchObject([{ authority: { kind: 'approval', by: ['olivia'], run: run.id } }])
  })

  test('while it serves, the agent keeps a sample a minute of what is used', async () => {
    // The agent may have looked at the very moment at which FPM was restarted: then the pool is in the next one. And that
    // may tell of the visitors who met a dead FPM, or not.
    const sampled = async () => {
      const lines = (await host.must(['sh', '-c', 'cat /var/lib/fleetmend/samples/*.jsonl'])).trim().split('\n')
      return lines.map((line) => JSON.parse(line) as Sample).find(({ pools }) => pools.length > 0)
    }
    await until(async () => (await sampled()) !== undefined, 'a sample of the pool', 150_000)
    const sample = (await sampled())!
    expect(sample.pools).toEqual([
      {
        pool: `${unit}/www`,
        busy: 0,
        waiting: 0,
        peakMiB: expect.toSatisfy((mib: number) => mib > 0 && mib < 200) as number,
      },
    ])
    expect(sample.sites).toMatchObject([{ site: 'shop.example' }])
    const [{ requests, serverErrors }] = sample.sites as [Sample['sites'][number]]
    expect(serverErrors).toBeLessThanOrEqual(requests)
    expect(Math.abs(Date.now() - Date.parse(sample.at))).toBeLessThan(120_000)
  })

  test('nothing wrong, nothing done', async () => {
    const ran = await fleet.cli(['plan', '--for-findings', '--json'])
    expect(ran, ran.stderr).toMatchObject({ exitCode: 0 })
  })

  test('without an approval that counts on the host, the host itself refuses', async () => {
    const { run, plans } = await planned()
    const agent = callAgent(host)
    const refusal = async (authority: Approval, plan = plans[0]!.digest) =>
      problemOf(await agent.client.remediate.begin.mutate({ plan, authority }).catch((error) => error as unknown))

    const stranger = `${fleet.folder}/stranger`
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', stranger])
    const byStranger = await refusal(await approvalOf(run.manifest!, plans, stranger))
    expect(byStranger).toMatchObject({ code: 'approver-unknown' })
    expect(byStranger.detail).toContain('is not in the list of approvers.')

    const good = await approvalOf(run.manifest!, plans, fleet.key)
    const altered = { ...good, manifest: { ...good.manifest, reason: 'something else' } }
    expect(await refusal(altered)).toMatchObject({ code: 'signature-invalid' })

    const expired = { ...run.manifest!, notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2026-01-01T01:00:00.000Z' }
    expect(await refusal(await approvalOf(expired, plans, fleet.key))).toMatchObject({ code: 'approval-expired' })

    // Another plan of the same host, which nobody has signed.
    const own = await host.agent('plan', 'restart-on-failure', '--input', `service=${unit}`, '--json')
    const [unsigned] = (JSON.parse(own.stdout) as PlanDocument).plans
    expect(await refusal(good, unsigned!.digest)).toMatchObject({ code: 'approval-of-another-plan' })
    agent.close()

    expect(await host.status('/ok.php')).toBe(502)
    expect(await appliesOf(plans[0]!.digest)).toEqual([])
    expect(await fleet.cli(['apply', run.id])).toMatchObject({ exitCode: 3 })
  })

  test('a controller killed during the apply resumes and finishes the run, and nothing is done twice', async () => {
    const { run, plans } = await approved()
    const following = fleet.cli(['apply', run.id])
    await until(async () => (await appliesOf(plans[0]!.digest)).length > 0, 'the apply to begin')
    await fleet.killController()
    await sleep(1000)
    await fleet.startController()
    expect(await following).toMatchObject({ exitCode: 0 })
    expect(await fleet.newestRun()).toMatchObject({
      run: { id: run.id, state: 'finished', hosts: [{ state: 'fixed' }] },
    })
    expect(await appliesOf(plans[0]!.digest)).toMatchObject([{ outcome: 'fixed' }])
    expect(await host.status('/ok.php')).toBe(200)
  })

  test('a host that changed since is refused and named, and nothing is written', async () => {
    const { run } = await approved()
    await host.must(['systemctl', 'reset-failed', unit])
    await host.must(['systemctl', 'start', unit])
    const ran = await fleet.cli(['apply', run.id])
    expect(ran).toMatchObject({ exitCode: 3 })
    expect(ran.stdout + ran.stderr).toContain('The host changed since this was planned')
  })

  test.each([
    { args: ['diagnose', 'web-9'], exitCode: 64, says: 'web-9' },
    { args: ['diagnose', '-l', 'role=db'], exitCode: 64, says: 'role=db' },
    { args: ['diagnose', '-l', 'role='.repeat(3)], exitCode: 64, says: 'selector' },
    {
      args: ['approve', 'r-20260101-000000-0000', '--digest', `sha256:${'0'.repeat(64)}`, '--yes'],
      exitCode: 64,
      says: 'r-2026',
    },
    { args: ['hosts', 'lisst'], exitCode: 64, says: 'lisst' },
  ])('$args gets a clear answer', async ({ args, exitCode, says }) => {
    const ran = await fleet.cli(args)
    expect(ran).toMatchObject({ exitCode })
    expect(ran.stderr).toContain(says)
  })

  test('a host that is removed is cut off at once, and what it then says lets it in again', async () => {
    const removed = await fleet.cli(['hosts', 'remove', 'web-1'])
    expect(removed, removed.stderr).toMatchObject({ exitCode: 0 })
    let said = ''
    await until(async () => {
      said = await host.must(['journalctl', '--unit=fleetmend-agent', '--output=cat', '--lines=3'])
      return said.includes('(host-removed)')
    }, 'the agent to say that it was removed')
    const [invite = '', enrol = ''] = [...said.matchAll(/`(?:fleetmend|fleetmend-agent) ([^`]+)`/g)].map(
      (each) => each[1] ?? '',
    )
    expect([invite, enrol]).toEqual(['hosts invite --host web-1', 'enrol --again --host web-1 -'])
    const { stdout: token } = await fleet.cli([...invite.split(' '), '--label', 'role=web'])
    await host.must(['fleetmend-agent', ...enrol.split(' ')], { input: token })
    await until(async () => {
      const { hosts } = JSON.parse((await fleet.cli(['hosts', 'list', '--json'])).stdout) as HostsDocument
      return hosts.some(({ id, connected }) => id === 'web-1' && connected)
    }, 'web-1 to be connected again')
  })

  test('the next authority is made by one command, and is not taken while a host does not trust it', async () => {
    const begun = await fleet.cli(['controller', 'renew-ca'])
    expect(begun, begun.stderr).toMatchObject({ exitCode: 0 })
    expect(begun.stdout).toMatch(/is to be followed by sha256:.*1 host does not trust the next one yet.*\n {4}web-1\n/s)
    const finished = await fleet.cli(['controller', 'renew-ca', '--finish'])
    expect(finished).toMatchObject({ exitCode: 3 })
    expect(finished.stderr).toContain('--leave-behind')
  })

  test('a join token lets in one host once', async () => {
    const { stdout: token } = await fleet.cli(['hosts', 'invite'])
    expect(
      await host.run(['fleetmend-agent', 'enrol', '--again', '--host', 'web-2', '-'], { input: token }),
    ).toMatchObject({ exitCode: 0 })
    const again = await host.run(['fleetmend-agent', 'enrol', '--again', '--host', 'web-3', '-'], { input: token })
    expect(again).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('used') as string })
  })
})

async function approvalOf(manifest: Manifest, plans: readonly PlanRecord[], key: string): Promise<Approval> {
  const tree = planTree(plans.map(({ digest, plan }) => ({ host: plan.host, digest })))
  const sign = ['ssh-keygen', '-Y', 'sign', '-q', '-n', 'fleetmend-approval@v1', '-f', key]
  const signature = await must(sign, { input: manifestBytes(manifest) })
  return {
    kind: 'approval',
    format: 'fleetmend.approval/1',
    scheme: 'sshsig',
    manifest,
    signatures: [signature],
    proof: tree.proofOf(plans[0]!.plan.host)!,
  }
}
