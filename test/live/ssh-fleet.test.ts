/** A host that dials nobody, and its controller, which comes to it over its real sshd: added, repaired, rebooted, impersonated. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DiagnosisDocument, HostRecordView, ProblemDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openFleet, type Fleet } from '../lab/fleet.ts'
import { killFpm } from '../lab/kill-fpm.ts'
import { openLab, type Lab } from '../lab/lab.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { must, runTool } from '../lab/tool.ts'
import { until } from '../lab/until.ts'

const keys = '/var/lib/fleetmend-ssh/.ssh/authorized_keys'
const hostKey = '/etc/ssh/ssh_host_ed25519_key'

const drivers = ['ssh2', 'system'] as const

describe.skipIf(await hostsAreImpossible()).each(drivers)('a host that dials nobody, by %s', (driver) => {
  let lab: Lab
  let host: LiveHost
  let fleet: Fleet

  beforeAll(async () => {
    lab = await openLab()
    host = await lab.boot({ name: 'web-7' })
    fleet = await openFleet(lab.address, ['--ssh-driver', driver])
    await fleet.install(host)
    const prepared = await add('--lines')
    // As a person would paste it.
    await host.must(['sh', '-eu'], { input: prepared.stdout })
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    await lab?.[Symbol.asyncDispose]()
  })

  const add = (...words: readonly string[]) => fleet.cli(['hosts', 'add', 'web-7', '--ssh', host.address, ...words])
  const fingerprint = async (): Promise<string> =>
    (await host.must(['ssh-keygen', '-lf', `${hostKey}.pub`])).split(' ')[1] ?? ''
  async function listed(): Promise<HostRecordView | undefined> {
    const { hosts } = JSON.parse((await fleet.cli(['hosts', 'list', '--json'])).stdout) as {
      hosts: readonly HostRecordView[]
    }
    return hosts.find(({ id }) => id === 'web-7')
  }
  const connected = () => until(async () => (await listed())?.connected === true, 'web-7 to be connected')

  test('whose account is bound to nothing, or not restricted, is refused', async () => {
    const asPrepared = await host.readFile(keys)
    for (const line of [asPrepared.replace(/^.* (?=ssh-ed25519)/, ''), asPrepared.replace('restrict,', '')]) {
      await host.writeFile(keys, '')
      await host.must(['sh', '-c', `cat > ${keys}`], { input: line })
      const refused = await add('--host-key', await fingerprint(), '--json')
      expect(refused, refused.stderr).toMatchObject({ exitCode: 3 })
      expect((JSON.parse(refused.stdout) as ProblemDocument).problem.code).toBe('ssh-not-bound')
    }
    await host.must(['sh', '-c', `cat > ${keys}`], { input: asPrepared })
    expect(await listed()).toBeUndefined()
  })

  test('is added once its key was compared, and repaired like any other', async () => {
    expect(await add()).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(await fingerprint()) as string })
    const added = await add('--host-key', await fingerprint(), '--label', 'role=web')
    expect(added, added.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('It is connected.') as string,
    })

    await killFpm(host)
    const seen = await fleet.cli(['diagnose', '-l', 'role=web', '--json'])
    expect(JSON.parse(seen.stdout) as DiagnosisDocument).toMatchObject({
      hosts: [{ host: 'web-7', status: 'failing' }],
    })
    const fixed = await fleet.cli(['fix', '--yes', '--key', fleet.key, '--watch', '3', '--reason', 'FPM is dead'])
    expect(fixed, fixed.stdout + fixed.stderr).toMatchObject({ exitCode: 0 })
    expect(await host.status('/ok.php')).toBe(200)
    expect((await fleet.cli(['audit', 'list'])).stdout).toMatch(/web-7.*Signed its own record/)
  })

  test('gives whoever has the key of the controller its agent, and nothing else', async () => {
    const login = [
      'ssh',
      '-F',
      'none',
      '-i',
      join(fleet.folder, 'data/ssh-key'),
      '-o',
      'StrictHostKeyChecking=accept-new',
    ]
    const options = ['-o', `UserKnownHostsFile=${join(fleet.folder, 'known')}`, '-o', 'BatchMode=yes']
    const there = `fleetmend@${host.address}`
    const ran = await runTool([...login, ...options, there, 'id'], { input: '' })
    expect(ran.stdout).toBe('\0FLEET1\0')
    const through = await runTool([...login, ...options, '-W', '127.0.0.1:80', there], {
      input: 'GET / HTTP/1.0\r\n\r\n',
    })
    expect(through).toMatchObject({ stdout: '', stderr: expect.stringContaining('prohibited') as string })
  })

  test('comes back by itself when it was rebooted', async () => {
    await host.powerOff()
    await until(async () => (await listed())?.connected === false, 'web-7 to be away')
    await host.powerOn()
    await connected()
    const seen = await fleet.cli(['diagnose', 'web-7', '--json'])
    expect(JSON.parse(seen.stdout) as DiagnosisDocument).toMatchObject({ hosts: [{ outcome: 'diagnosed' }] })
  })

  test('that shows another key is told nothing, and it is an alarm', async () => {
    await host.must(['rm', hostKey, `${hostKey}.pub`])
    await host.must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', hostKey])
    await host.must(['systemctl', 'restart', 'ssh'])
    await host.run(['pkill', '-u', 'fleetmend'])
    await until(async () => (await listed())?.alarm?.code === 'ssh-host-changed', 'the alarm')
    expect(await listed()).toMatchObject({ connected: false })
    const list = await fleet.cli(['hosts', 'list'])
    expect(list.stdout).toContain('ALARM ssh-host-changed on web-7')
    const journal = await host.must(['journalctl', '-b', '-u', 'ssh', '--no-pager'])
    expect(journal.slice(journal.lastIndexOf('Server listening'))).not.toContain('Accepted')

    expect(await fleet.cli(['hosts', 'remove', 'web-7'])).toMatchObject({ exitCode: 0 })
    expect(await add('--host-key', await fingerprint())).toMatchObject({ exitCode: 0 })
    expect(await listed()).toMatchObject({ connected: true, alarm: null, wrong: null })
  })

  test.runIf(driver === 'system')('lets it in by a certificate that stands beside its key', async () => {
    const key = join(fleet.folder, 'data/ssh-key')
    const authority = join(fleet.folder, 'users-ca')
    writeFileSync(`${key}.pub`, await must(['ssh-keygen', '-y', '-f', key]))
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', authority])
    const bound = ['-O', 'clear', '-O', 'force-command=/usr/bin/fleetmend-agent stdio']
    await must(['ssh-keygen', '-q', '-s', authority, '-I', 'controller', '-n', 'fleetmend', ...bound, `${key}.pub`])
    await host.writeFile('/etc/ssh/users-ca.pub', readFileSync(`${authority}.pub`))
    await host.writeFile('/etc/ssh/sshd_config.d/users-ca.conf', 'TrustedUserCAKeys /etc/ssh/users-ca.pub\n')
    await host.must(['rm', keys])
    await host.must(['systemctl', 'restart', 'ssh'])
    await host.run(['pkill', '-u', 'fleetmend'])
    await until(async () => (await listed())?.connected === false, 'web-7 to be away')
    await connected()
    const journal = await host.must(['journalctl', '-b', '-u', 'ssh', '--no-pager'])
    expect(journal).toContain('ID controller')
  })
})
