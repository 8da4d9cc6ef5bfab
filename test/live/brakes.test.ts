/** What root on a host has forbidden is not done there: each brake refuses and says until when; a rollback goes on. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  problemOf,
  type ApplyDocument,
  type DiagnosisDocument,
  type PlanDocument,
  type PlanRecord,
  type Problem,
  type ProblemDocument,
} from '@fleetmend/shared'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hardwareKey } from '../../packages/shared/test/hardware-key.ts'
import { approvalOf } from '../lab/approval-of.ts'
import { callAgent } from '../lab/call-agent.ts'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { restartAgent } from '../lab/serving-agent.ts'
import { until } from '../lab/until.ts'

const service = 'php8.2-fpm'
const freeze = '/etc/fleetmend/freeze'
const policy = '/etc/fleetmend/policy.yaml'
const dropIns = `/etc/systemd/system/${service}.service.d`
const agentUnit = fileURLToPath(new URL('../../packaging/systemd/fleetmend-agent.service', import.meta.url))

describe.skipIf(await hostsAreImpossible())('a real Debian 12 host', () => {
  const olivia = hardwareKey('ed25519')
  let host: LiveHost
  /** What is refused leaves its plan unused: one is enough for every brake. */
  let reload: PlanRecord

  beforeAll(async () => {
    host = await bootHost('brakes')
    await host.installAgent()
    await host.must(['mkdir', '-p', '/etc/fleetmend'])
    await host.writeFile('/etc/fleetmend/approvers', `olivia ${olivia.publicKey}\n`)
    await host.writeFile('/etc/systemd/system/fleetmend-agent.service', readFileSync(agentUnit))
    await host.must(['systemctl', 'daemon-reload'])
    await restartAgent(host)
    reload = await plan('reload-fpm')
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
  })
  afterEach(async () => {
    await host.must(['rm', '-f', freeze, policy])
  })

  async function plan(id: string): Promise<PlanRecord> {
    const ran = await host.agent('plan', id, '--input', `service=${service}`, '--watch', '0', '--json')
    const [record] = (JSON.parse(ran.stdout) as PlanDocument).plans
    if (!record) throw new Error(ran.stdout + ran.stderr)
    return record
  }
  async function refused({ digest }: PlanRecord): Promise<Problem> {
    const ran = await host.agent('apply', digest, '--json')
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(3)
    return (JSON.parse(ran.stdout) as ProblemDocument).problem
  }
  async function applied({ digest }: PlanRecord) {
    const ran = await host.agent('apply', digest, '--json')
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
    const [report] = (JSON.parse(ran.stdout) as ApplyDocument).applies
    if (!report?.endedAt) throw new Error(ran.stdout)
    return { ...report, endedAt: report.endedAt }
  }
  const history = async () => (JSON.parse((await host.agent('history', '--json')).stdout) as ApplyDocument).applies

  /** With an approval, as a controller asks. */
  async function approvedApply(record: PlanRecord) {
    const agent = callAgent(host)
    const ask = { plan: record.digest, authority: approvalOf(record, olivia) }
    const answer = await agent.client.remediate.begin.mutate(ask).then(
      ({ apply }) => ({ apply, problem: null }),
      (error: unknown) => ({ apply: null, problem: problemOf(error) }),
    )
    agent.close()
    return answer
  }
  /** As it is told: to the second, and not too early. */
  const after = (instant: string, minutes: number) =>
    Temporal.Instant.fromEpochMilliseconds(Math.ceil(Date.parse(instant) / 1000) * 1000)
      .add({ minutes })
      .toString()

  test('frozen, it says why, and a rollback is carried out all the same', async () => {
    const { apply } = await applied(await plan('restart-on-failure'))
    expect((await host.run(['test', '-d', dropIns])).exitCode).toBe(0)
    await host.writeFile(freeze, 'Stocktaking until Monday.\nAsk Ben.\n')
    const frozen = {
      code: 'braked',
      detail: expect.stringContaining(
        'This host is frozen: Stocktaking until Monday. Ask Ben.\n' +
          `It holds until somebody lifts it: root on this host can remove ${freeze}.`,
      ),
    }
    expect(await refused(reload)).toMatchObject(frozen)
    expect(await approvedApply(reload)).toMatchObject({ problem: frozen })
    expect((await host.agent('policy')).stdout).toContain('Held back now\n  This host is frozen: Stocktaking')

    const rolledBack = await host.agent('rollback', apply)
    expect(rolledBack.exitCode, rolledBack.stdout + rolledBack.stderr).toBe(6)
    expect((await host.run(['test', '-e', dropIns])).exitCode).toBe(1)
  })

  test('a plan lasts as long as the policy says', async () => {
    await host.writeFile(policy, 'plansLastMinutes: 1440\n')
    const { madeAt, expiresAt } = (await plan('reload-fpm')).plan
    expect(Date.parse(expiresAt) - Date.parse(madeAt)).toBe(1440 * 60_000)
  })

  test('a remediation that is not allowed is refused, and what is allowed instead is named', async () => {
    await host.writeFile(policy, 'remediations: [tune-pool]\n')
    const notAllowed = {
      code: 'not-allowed',
      detail: expect.stringContaining('This host does not allow reload-fpm. It allows tune-pool.'),
    }
    expect(await refused(reload)).toMatchObject(notAllowed)
    expect(await approvedApply(reload)).toMatchObject({ problem: notAllowed })
  })

  test('outside its maintenance windows it says when the next one opens, on its own clock', async () => {
    await host.must(['ln', '-sf', '/usr/share/zoneinfo/Asia/Tokyo', '/etc/localtime'])
    const inTwoDays = Temporal.Now.zonedDateTimeISO('Asia/Tokyo').add({ days: 2 })
    const opens = inTwoDays.withPlainTime('03:30')
    const day = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'][opens.dayOfWeek - 1]!
    const window = `{ days: [${day}], from: "03:30", to: "05:00" }`
    await host.writeFile(policy, `maintenance:\n  windows:\n    - ${window}\n`)
    const { code, detail } = await refused(reload)
    expect(code).toBe('braked')
    expect(detail).toContain(`in its maintenance windows: ${day} 03:30–05:00 (Asia/Tokyo).`)
    const local = `${opens.toPlainDate().toString()} 03:30 in Asia/Tokyo`
    expect(detail).toContain(`It holds until ${opens.toInstant().toString()} (${local}, in `)
  })

  test('a policy with a mistake lets nothing be applied, and its line is named', async () => {
    await host.writeFile(policy, '# ours\n\nchangePerHour: 3\n')
    expect(await refused(reload)).toMatchObject({
      code: 'policy-unusable',
      detail: expect.stringContaining(`${policy}:3: The input has no field "changePerHour".`),
    })
    expect((await host.agent('policy')).exitCode).toBe(3)
    await host.writeFile(policy, 'changesPerHour: 3\n')
    await host.must(['chmod', '0666', policy])
    expect(await refused(reload)).toMatchObject({
      code: 'policy-unusable',
      detail: expect.stringContaining('others than root may write to it (mode 0666)'),
    })
  })

  test('a site is asked for what its policy says', async () => {
    await host.writeFile(policy, 'canaryPaths:\n  shop.example: /ok.php\n')
    const { hosts } = JSON.parse((await host.agent('diagnose', '--json')).stdout) as DiagnosisDocument
    const [probe] = hosts[0]!.probes.filter(({ over }) => over === 'http')
    expect(probe).toMatchObject({
      site: 'shop.example',
      passed: true,
      says: expect.stringMatching(/^GET \/ok\.php → 200 /) as string,
    })
  })

  test('approvals begin one apply an hour where that is the policy, to the second; root there is not held back', async () => {
    const [last, ...others] = await history()
    // Nothing that was refused above left a trace.
    expect(others).toEqual([])
    await host.writeFile(policy, 'changesPerHour: 1\ncoolDownMinutes: 0\n')
    const { problem } = await approvedApply(reload)
    expect(problem).toMatchObject({ code: 'braked' })
    expect(problem?.detail).toContain(
      'One apply was begun on this host within an hour; approvals begin no more than 1.',
    )
    expect(problem?.detail).toContain(`It holds until ${after(last!.startedAt, 60)} (`)
    await applied(await plan('reload-fpm'))
  })

  test('what was just applied is not applied by an approval again until it has cooled down; something else is', async () => {
    const endedAt = (await history())[0]!.endedAt!
    const ends = `It holds until ${after(endedAt, 5)} (`
    const again = await plan('reload-fpm')
    expect(again.forecast.at(-1)).toContain(ends)
    const { problem } = await approvedApply(again)
    expect(problem).toMatchObject({ code: 'braked' })
    expect(problem?.detail).toContain(`reload-fpm was applied to ${service} as a-`)
    expect(problem?.detail).toContain(ends)

    const { apply } = await approvedApply(await plan('make-reload-graceful'))
    await until(async () => (await history())[0]!.phase === 'closed', 'the apply to be closed')
    expect((await history())[0]).toMatchObject({ apply, outcome: 'fixed', authority: { by: ['olivia'] } })
  })
})
