/** Diagnosis and planning on a real host that is really broken. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { DiagnosisDocument, Finding, HostDiagnosis, PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { killFpm } from '../lab/kill-fpm.ts'
import { bootHost } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { until } from '../lab/until.ts'

const unit = 'php8.2-fpm'
const pool = '/etc/php/8.2/fpm/pool.d/www.conf'

describe.skipIf(await hostsAreImpossible())('a real Debian 12 host', () => {
  let host: LiveHost
  let poolAsShipped: string

  beforeAll(async () => {
    host = await bootHost('diagnose')
    await host.installAgent()
    poolAsShipped = await host.readFile(pool)
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
  })

  async function diagnose(): Promise<{ exitCode: number; diagnosis: HostDiagnosis }> {
    const ran = await host.agent('diagnose', '--json')
    const document = JSON.parse(ran.stdout) as DiagnosisDocument
    return { exitCode: ran.exitCode, diagnosis: document.hosts[0]! }
  }
  const causes = ({ findings }: HostDiagnosis): readonly Finding[] => findings.filter(({ role }) => role === 'cause')

  async function heal(): Promise<void> {
    await host.writeFile(pool, poolAsShipped)
    await host.run(['systemctl', 'reset-failed', unit])
    await host.must(['systemctl', 'restart', unit])
    await until(async () => (await host.status('/ok.php')) === 200, 'the host to be healthy again')
  }

  test('as shipped it is at risk, nothing is broken, and everything could be read', async () => {
    const { exitCode, diagnosis } = await diagnose()
    expect(exitCode).toBe(2)
    expect(diagnosis).toMatchObject({ status: 'at-risk', couldNotTell: [] })
    expect(diagnosis.findings.map(({ diagnosis: id, role }) => `${role} ${id}`)).toEqual([
      'risk reload-drops-requests',
      'risk no-auto-restart',
      'note status-page-off',
      'note slowlog-off',
    ])
    expect(diagnosis.probes.every(({ passed }) => passed)).toBe(true)
  })

  test('looking and planning change nothing outside of the agent own folder', async () => {
    const before = await host.snapshot(['/etc', '/run/php', '/var/log/php8.2-fpm.log'])
    await host.agent('diagnose')
    await host.agent('plan', 'restart-on-failure', '--input', `service=${unit}`)
    await host.agent('plan', 'make-reload-graceful', '--input', `service=${unit}`)
    expect(await host.snapshot(['/etc', '/run/php', '/var/log/php8.2-fpm.log'])).toEqual(before)
    expect(await host.must(['mount'])).not.toContain('fleetmend-stage')
  })

  test('a killed master: crashed, by which signal, and the socket refuses', async () => {
    await killFpm(host)
    const { diagnosis } = await diagnose()
    expect(diagnosis.status).toBe('failing')
    expect(causes(diagnosis)).toMatchObject([{ diagnosis: 'fpm-crashed', subject: { name: unit } }])
    expect(causes(diagnosis)[0]!.says).toContain('killed by signal 9 (SIGKILL)')
    expect(diagnosis.probes).toContainEqual(expect.objectContaining({ over: 'fastcgi', errno: 'ECONNREFUSED' }))
    await heal()
  })

  test('an operator stop is named as that, and starting it needs a word', async () => {
    await host.must(['systemctl', 'stop', unit])
    const { diagnosis } = await diagnose()
    expect(causes(diagnosis)).toMatchObject([{ diagnosis: 'fpm-stopped' }])
    expect(causes(diagnosis)[0]!.says).toContain('stopped')
    expect(diagnosis.probes).toContainEqual(expect.objectContaining({ over: 'fastcgi', errno: 'ENOENT' }))
    const refused = await host.agent('plan', 'start-service', '--input', `service=${unit}`)
    expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--start-stopped') as string })
    const agreed = await host.agent('plan', 'start-service', '--input', `service=${unit}`, '--start-stopped', '--json')
    expect((JSON.parse(agreed.stdout) as PlanDocument).plans).toHaveLength(1)
    await heal()
  })

  test('a bad line that a reload met: the line is the cause, the crash only follows from it', async () => {
    await host.writeFile(pool, `${poolAsShipped}pm.max_childern = 10\n`)
    await host.run(['systemctl', 'reload', unit])
    await until(async () => (await host.status('/ok.php')) === 502, '502')
    const { diagnosis } = await diagnose()
    expect(causes(diagnosis)).toMatchObject([{ diagnosis: 'fpm-config-invalid', remediations: [] }])
    expect(causes(diagnosis)[0]!.says).toContain("unknown entry 'pm.max_childern'")
    expect(diagnosis.findings).toContainEqual(
      expect.objectContaining({ diagnosis: 'fpm-crashed', explainedBy: 'fpm-config-invalid' }),
    )
    await heal()
  })

  test('a bad line that nothing has loaded yet is a risk, and no reload is planned', async () => {
    await host.writeFile(pool, `${poolAsShipped}pm.max_childern = 10\n`)
    const { diagnosis } = await diagnose()
    expect(causes(diagnosis)).toEqual([])
    expect(diagnosis.findings).toContainEqual(
      expect.objectContaining({ diagnosis: 'config-latent-invalid', role: 'risk' }),
    )
    expect(await host.agent('plan', 'reload-fpm', '--input', `service=${unit}`)).toMatchObject({ exitCode: 3 })
    await heal()
  })

  test('a pool out of workers under load: seen in the kernel queue, and sized with its arithmetic', async () => {
    const load = host.load({ path: '/sleep.php?s=1', perSecond: 7, forMs: 20_000 })
    await sleep(4000)
    const { diagnosis } = await diagnose()
    const planned = await host.agent('plan', '--for-findings', '--json')
    await load.stop()
    expect(causes(diagnosis)).toMatchObject([{ diagnosis: 'pool-exhausted', subject: { name: `${unit}/www` } }])
    const { plans } = JSON.parse(planned.stdout) as PlanDocument
    expect(plans[0]!.plan.changes[0]).toMatchObject({
      diff: expect.stringContaining('+pm.max_children = 10') as string,
    })
    expect(plans[0]!.plan.remediations[0]!.arithmetic.join('\n')).toContain('memory holds')
    expect((await diagnose()).diagnosis.status).toBe('at-risk')
  })

  test('reloads that kill requests are the cause, told by reset times beside reload times', async () => {
    const load = host.load({ path: '/sleep.php?s=0.4', perSecond: 6, forMs: 20_000 })
    await sleep(1000)
    for (let i = 0; i < 2; i++) {
      await host.must(['systemctl', 'reload', unit])
      await sleep(2500)
    }
    const { diagnosis } = await diagnose()
    expect((await load.stop()).lost).toBeGreaterThan(0)
    expect(causes(diagnosis)).toMatchObject([{ diagnosis: 'reload-drops-requests' }])
  })

  test('a log that cannot be read is named, nothing is guessed from it, and what else was seen still counts', async () => {
    const log = '/var/log/nginx/error.log'
    await host.must(['mv', log, `${log}.away`])
    await host.must(['mkdir', log])
    await killFpm(host)
    const before = await host.snapshot(['/etc/nginx', '/etc/php', '/etc/systemd', log])
    const { exitCode, diagnosis } = await diagnose()
    expect(exitCode).toBe(2)
    expect(diagnosis.couldNotTell).toMatchObject([{ what: `what nginx logged in ${log}` }])
    expect(causes(diagnosis)).toMatchObject([{ diagnosis: 'fpm-crashed' }])
    expect((await host.agent('diagnose')).stdout).toMatch(/Could not tell\n +what nginx logged in/)
    expect(await host.snapshot(['/etc/nginx', '/etc/php', '/etc/systemd', log])).toEqual(before)
    await host.must(['rmdir', log])
    await host.must(['mv', `${log}.away`, log])
    await heal()
  })

  test('every command for a host that the README names is one', async () => {
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8')
    const commands = [...readme.matchAll(/^fleetmend-agent ([^\n]+)$|`fleetmend-agent ([^`]+)`/gm)]
    expect(commands.length).toBeGreaterThan(5)
    for (const [, line, quoted] of commands) {
      const words = (line ?? quoted!)
        .replace('APPLY', 'a-20260101-000000-0000')
        .replace('sha256:…', `sha256:${'0'.repeat(64)}`)
      const ran = await host.run(['fleetmend-agent', ...words.split(' ')], { input: 'no token\n' })
      expect(ran.stderr).not.toMatch(/\((usage|internal)\)/)
    }
  })

  test('wrong words get a clear answer, the right exit code, and change nothing', async () => {
    const cases = [
      { args: ['plan', 'raise-everything'], exitCode: 64, says: 'There is no remediation "raise-everything"' },
      { args: ['plan', 'tune-pool', '--input', 'pool=/etc/passwd'], exitCode: 64, says: 'pool' },
      { args: ['plan', 'tune-pool', '--input', `pool=${unit}/nosuch`], exitCode: 3, says: 'no pool of that name' },
      { args: ['diagnose', '--sight', 'x'], exitCode: 64, says: '--sight' },
      { args: ['diagnose', '--site', 'nowhere.example'], exitCode: 64, says: 'nowhere.example' },
      { args: ['frobnicate'], exitCode: 64, says: 'There is no command' },
    ]
    for (const { args, exitCode, says } of cases) {
      const ran = await host.agent(...args)
      expect(ran).toMatchObject({ exitCode, stdout: '' })
      expect(ran.stderr).toContain(says)
    }
  })

  test('who asked for a document gets one for a problem, too', async () => {
    const ran = await host.agent('diagnose', '--site', 'nowhere.example', '--json')
    expect(JSON.parse(ran.stdout)).toMatchObject({ format: 'fleetmend.problem/1', problem: { code: 'bad-input' } })
    const unknown = await host.agent('frobnicate', '--json')
    expect(JSON.parse(unknown.stdout)).toMatchObject({ format: 'fleetmend.problem/1', problem: { code: 'usage' } })
  })
})
