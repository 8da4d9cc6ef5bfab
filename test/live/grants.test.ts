/** What was signed in advance or alone, on a real host: begun without others, counted by the host itself, shown for ever. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  BREAK_GLASS_NAMESPACE,
  GRANT_NAMESPACE,
  problemOf,
  type ApplyDocument,
  type Grant,
  type PlanDocument,
  type PlanRecord,
  type RemoteAuthority,
  type SignedGrant,
} from '@fleetmend/shared'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hardwareKey } from '../../packages/shared/test/hardware-key.ts'
import { sampleGrant, signBreakGlass, signGrant } from '../../packages/shared/test/signed.ts'
import { shownAlone } from '../lab/approval-of.ts'
import { callAgent } from '../lab/call-agent.ts'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { restartAgent } from '../lab/serving-agent.ts'
import { until } from '../lab/until.ts'

const service = 'php8.2-fpm'
const approvers = '/etc/fleetmend/approvers'
const policy = '/etc/fleetmend/policy.yaml'
const freeze = '/etc/fleetmend/freeze'
const agentUnit = fileURLToPath(new URL('../../packaging/systemd/fleetmend-agent.service', import.meta.url))
const reason = 'shop is down, nobody else awake'

describe.skipIf(await hostsAreImpossible())('a real Debian 12 host', () => {
  const olivia = hardwareKey('ed25519')
  const may = `namespaces="fleetmend-approval@v1,${GRANT_NAMESPACE},${BREAK_GLASS_NAMESPACE}"`
  const list = `olivia ${may} ${olivia.publicKey}\n`
  let host: LiveHost

  beforeAll(async () => {
    host = await bootHost('grants')
    await host.installAgent()
    await host.must(['mkdir', '-p', '/etc/fleetmend'])
    await host.writeFile(approvers, list)
    await host.writeFile(policy, 'coolDownMinutes: 0\n')
    await host.writeFile('/etc/systemd/system/fleetmend-agent.service', readFileSync(agentUnit))
    await host.must(['systemctl', 'daemon-reload'])
    await restartAgent(host)
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
  })
  afterEach(async () => {
    await host.must(['rm', '-f', freeze])
    await host.must(['chmod', '0644', approvers])
    await host.must(['chmod', '0755', '/etc'])
  })

  async function plan(id: string): Promise<PlanRecord> {
    const ran = await host.agent('plan', id, '--input', `service=${service}`, '--watch', '0', '--json')
    const [record] = (JSON.parse(ran.stdout) as PlanDocument).plans
    if (!record) throw new Error(ran.stdout + ran.stderr)
    return record
  }
  /** As a controller asks. */
  async function begin({ digest }: PlanRecord, authority: RemoteAuthority) {
    const agent = callAgent(host)
    const answer = await agent.client.remediate.begin.mutate({ plan: digest, authority }).then(
      ({ apply }) => ({ apply, problem: null }),
      (error: unknown) => ({ apply: null, problem: problemOf(error) }),
    )
    agent.close()
    return answer
  }
  const newest = async () => (JSON.parse((await host.agent('history', '--json')).stdout) as ApplyDocument).applies[0]
  const untilClosed = () => until(async () => (await newest())?.phase === 'closed', 'the apply to be closed')

  /** For exactly what this plan would do. */
  function grantFor({ plan: { remediations, host: name } }: PlanRecord, change: Partial<Grant> = {}): SignedGrant {
    const inputs = remediations.flatMap(({ input }) => Object.entries(input))
    const grant = sampleGrant({
      remediations: remediations.map(({ id }) => id),
      inputs: Object.fromEntries(inputs.map(([input, value]) => [input, { oneOf: [value] }])),
      hosts: { named: [name] },
      notBefore: new Date(Date.now() - 60_000).toISOString(),
      notAfter: new Date(Date.now() + 3_600_000).toISOString(),
      ...change,
    })
    return signGrant([olivia], grant)
  }

  test('a grant begins what it names, and the host counts its uses over the death of its agent', async () => {
    const first = await plan('reload-fpm')
    expect(await begin(first, grantFor(first))).toMatchObject({ problem: null })
    await untilClosed()
    expect(await newest()).toMatchObject({
      outcome: 'fixed',
      authority: { kind: 'grant', by: ['olivia'], grant: 'g-20261120-091500-7c02' },
    })
    await host.must(['systemctl', 'kill', '--signal=KILL', 'fleetmend-agent'])
    await restartAgent(host)

    const second = await plan('reload-fpm')
    expect((await begin(second, grantFor(second))).problem).toMatchObject({
      code: 'grant-used-up',
      detail: expect.stringContaining('may be used once an hour'),
    })
    expect((await host.agent('policy')).stdout).toMatch(
      /Who may approve[^]*olivia {2}SHA256:\S+ {2}fleetmend-approval@v1/,
    )
    expect((await host.agent('history')).stdout).toContain('allowed by g-20261120-091500-7c02, which olivia signed')
    const longer = grantFor(second, { perHour: 2 })
    expect(await begin(second, longer)).toMatchObject({ problem: null })
    await untilClosed()
  })

  test('it is refused for another remediation, another input and another host', async () => {
    const other = await plan('restart-on-failure')
    const reload = await plan('reload-fpm')
    const fresh = { id: 'g-20261120-091500-7c03' }
    expect((await begin(other, grantFor(reload, fresh))).problem?.code).toBe('grant-not-for-this-plan')
    const inputs = { service: { oneOf: ['php7.4-fpm'] } }
    expect((await begin(reload, grantFor(reload, { ...fresh, inputs }))).problem?.code).toBe('grant-out-of-bounds')
    const hosts = { named: ['another-host'] }
    expect((await begin(reload, grantFor(reload, { ...fresh, hosts }))).problem?.code).toBe('grant-not-for-this-host')
  })

  test('break-glass is one person where two are asked for, lifts no brake, and stands in the history', async () => {
    await host.writeFile(policy, 'coolDownMinutes: 0\napprovals: { ordinary: 2 }\n')
    const record = await plan('reload-fpm')
    await host.writeFile(freeze, 'Stocktaking\n')
    expect((await begin(record, brokenGlass(record))).problem?.code).toBe('braked')
    await host.must(['rm', '-f', freeze])
    expect(await begin(record, brokenGlass(record))).toMatchObject({ problem: null })
    await untilClosed()
    expect(await newest()).toMatchObject({
      outcome: 'fixed',
      authority: { kind: 'break-glass', by: ['olivia'], reason },
    })
    expect((await host.agent('history')).stdout).toContain(`BREAK-GLASS by olivia alone: ${reason}`)
  })

  const brokenGlass = (record: PlanRecord) => signBreakGlass(olivia, shownAlone(record), reason)

  test.each([
    { path: approvers, mode: '0666', what: 'it' },
    { path: '/etc', mode: '0777', what: 'the folder /etc' },
  ])('a list that others could have changed counts for nothing, until $path is mended as it says', async (wrong) => {
    const record = await plan('reload-fpm')
    await host.writeFile(policy, 'coolDownMinutes: 0\nchangesPerHour: 100\n')
    await host.must(['chmod', wrong.mode, wrong.path])
    const { problem } = await begin(record, grantFor(record, { id: 'g-20261120-091500-7c04' }))
    expect(problem).toMatchObject({ code: 'approvers-unusable' })
    expect(problem?.detail).toContain(`others than root may write to ${wrong.what} (mode ${wrong.mode})`)
    const commands = problem!.detail.split('\n').filter((line) => line.startsWith('    '))
    for (const command of commands) await host.must(command.trim().split(' '))
    expect(await begin(record, grantFor(record, { id: 'g-20261120-091500-7c05', perHour: 2 }))).toMatchObject({
      problem: null,
    })
    await untilClosed()
  })
})
