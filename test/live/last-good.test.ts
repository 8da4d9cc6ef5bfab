/** The last good configuration on a real host: kept while it runs, evidence when an edit breaks it, and the way back. */
import type { ApplyDocument, DiagnosisDocument, PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { until } from '../lab/until.ts'

const fpm = 'php8.2-fpm'
const poolFolder = '/etc/php/8.2/fpm/pool.d'
const pool = `${poolFolder}/www.conf`
const kept = '/var/lib/fleetmend/sealed/last-good'

describe.skipIf(await hostsAreImpossible())('a real Debian 12 host', () => {
  let host: LiveHost

  beforeAll(async () => {
    host = await bootHost('last-good')
    await host.installAgent()
    await until(async () => (await host.status('/ok.php')) === 200, 'the host to answer')
    await until(async () => {
      await host.must(['fleetmend-agent', 'internal-sample-targets'])
      return (await versionsOf(fpm)) === 1 && (await versionsOf('nginx')) === 1
    }, 'what runs to be kept')
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
  })

  const versionsOf = async (service: string) =>
    (await host.run(['ls', `${kept}/${service}`])).stdout.split('\n').filter((name) => /^\d{8}T/.test(name)).length

  /** Bytes, modes and owners below a folder. */
  const treeOf = (folder: string) =>
    host.must(['tar', '--create', '--to-stdout', '--sort=name', '--mtime=@0', '--numeric-owner', '-C', folder, '.'])

  async function findingOf(diagnosis: string) {
    const document = JSON.parse((await host.agent('diagnose', '--json')).stdout) as DiagnosisDocument
    return document.hosts[0]?.findings.find((each) => each.diagnosis === diagnosis)
  }
  async function restore(service: string) {
    const planned = await host.agent(
      'plan',
      'restore-config',
      '--input',
      `service=${service}`,
      '--watch',
      '1',
      '--json',
    )
    const [record] = (JSON.parse(planned.stdout) as PlanDocument).plans
    if (!record) throw new Error(planned.stdout)
    const applied = await host.agent('apply', record.digest, '--json')
    return { plan: record.plan, report: (JSON.parse(applied.stdout) as ApplyDocument).applies[0]! }
  }

  test('a pool file that broke PHP-FPM is named with its change, put back, and comes back with a rollback', async () => {
    const good = await treeOf(poolFolder)
    const text = await host.readFile(pool)
    await host.writeFile(
      pool,
      `${text.replace('pm.max_children = 5', 'pm.max_childrn = 5')}env[DB_PASSWORD] = hunter2\n`,
    )
    await host.writeFile(`${poolFolder}/zz.conf`, '[zz]\nlisten = /run/php/zz.sock\n')
    const broken = await treeOf(poolFolder)
    await host.run(['systemctl', 'restart', fpm])
    expect(await host.status('/ok.php')).toBe(502)

    const finding = await findingOf('fpm-config-invalid')
    expect(finding?.says).toContain(`${pool} changed at `)
    const diff = finding?.evidence.find(({ source }) => source === pool)?.diff
    expect(diff).toContain('-pm.max_children = 5\n+pm.max_childrn = 5\n')
    expect(JSON.stringify(finding)).not.toContain('hunter2')
    expect(finding?.remediations).toEqual([{ id: 'restore-config', input: { service: fpm } }])

    const { plan, report } = await restore(fpm)
    expect(JSON.stringify(plan)).not.toContain('hunter2')
    expect(report).toMatchObject({ outcome: 'fixed', problem: null })
    expect(await host.status('/ok.php')).toBe(200)
    expect(await treeOf(poolFolder)).toBe(good)

    expect((await host.agent('rollback', report.apply)).exitCode).toBe(6)
    expect(await treeOf(poolFolder)).toBe(broken)

    // FPM runs on with what it has loaded, and would not survive another reload.
    expect(await findingOf('config-latent-invalid')).toMatchObject({ remediations: [{ id: 'restore-config' }] })
    expect((await restore(fpm)).report).toMatchObject({ outcome: 'fixed' })
    expect(await treeOf(poolFolder)).toBe(good)
  })

  test('a brace that is missing in nginx.conf is put back, although nobody can read such a file', async () => {
    const text = await host.readFile('/etc/nginx/nginx.conf')
    await host.writeFile('/etc/nginx/nginx.conf', text.replace('events {', 'events'))
    await host.run(['systemctl', 'restart', 'nginx'])
    expect((await findingOf('nginx-config-invalid'))?.says).toContain('/etc/nginx/nginx.conf changed at ')
    const { plan, report } = await restore('nginx')
    expect(plan.acts.map(({ act }) => act)).toEqual(['reset-failed', 'start'])
    expect(report).toMatchObject({ outcome: 'fixed' })
    expect(await host.status('/ok.php')).toBe(200)
    expect(await host.readFile('/etc/nginx/nginx.conf')).toBe(text)
  })

  test('what an apply has fixed is kept at once; what nobody loaded is not; a healthy host has nothing to restore', async () => {
    const before = await versionsOf(fpm)
    const planned = await host.agent(
      'plan',
      'make-reload-graceful',
      '--input',
      `service=${fpm}`,
      '--watch',
      '2',
      '--json',
    )
    const [record] = (JSON.parse(planned.stdout) as PlanDocument).plans
    // An edit within a second of the load could not be told from one before it.
    await host.agent('apply', record!.digest)
    await until(async () => (await versionsOf(fpm)) === before + 1, 'the new version to be kept')

    await host.writeFile(pool, (await host.readFile(pool)).replace('pm.max_children = 5', 'pm.max_children = 6'))
    await host.must(['fleetmend-agent', 'internal-sample-targets'])
    expect(await versionsOf(fpm)).toBe(before + 1)
    expect((await findingOf('config-not-loaded'))?.evidence.at(-1)?.diff).toContain('+pm.max_children = 6')
    expect((await restore(fpm)).report.outcome).toBe('fixed')

    const refused = await host.agent('plan', 'restore-config', '--input', `service=nginx`)
    expect(refused.exitCode).toBe(3)
    expect(refused.stderr).toContain('nothing broke that could be put back')
  })
})
