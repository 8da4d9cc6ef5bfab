/**
 * Hosts that have nothing but sshd, nginx and PHP-FPM, diagnosed and repaired from this machine with a person's own key: as
 * root and as an account with sudo, over both drivers, and nothing is left there but what was repaired and its history.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ApplyDocument, DiagnosisDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import { letIn } from '../lab/let-in.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { must, runTool, type Ran } from '../lab/tool.ts'
import { until } from '../lab/until.ts'
import { hostOf } from './faults/host-kit.ts'
import { fpmKilled } from './faults/service/fpm-killed.ts'

const command = fileURLToPath(new URL('../../dist/fleetmend.cjs', import.meta.url))

/** What a login, a repair or time itself changes: logs, and what is the repair's own. */
const changing = [
  ...['/var/log', '/var/lib/fleetmend', '/etc/systemd/system/php8.2-fpm.service.d'],
  // Made by the unit of php-fpm whenever it starts.
  ...['/etc/alternatives', '/var/lib/dpkg/alternatives'],
]

/** Where an agent is kept, if it is. */
const cache = '/home/deploy/.cache/fleetmend'

describe.skipIf(await hostsAreImpossible())('a host that has never seen us', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-agentless-'))
  const [key, knownHosts, config] = ['key', 'known_hosts', 'config'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  let host: LiveHost

  beforeAll(async () => {
    if (!existsSync(command)) throw new Error('There is no dist/fleetmend.cjs. Make it:\n    pnpm build')
    host = await bootHost('agentless')
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'olivia', '-f', key])
    const publicKey = await must(['cat', `${key}.pub`])
    await letIn(host, 'root', publicKey)
    for (const name of ['deploy', 'guest']) {
      await host.must(['useradd', '--create-home', '--shell', '/bin/bash', name])
      await letIn(host, name, publicKey)
    }
    await host.writeFile('/etc/sudoers.d/deploy', 'deploy ALL=(root) NOPASSWD: ALL\nguest ALL=(root) ALL\n')
    // What shells say before they do what they are told.
    await host.writeFile('/home/deploy/.bashrc', 'printf "Welcome, uid=0(root)!\\nLinux x86_64 HOME=/tmp "\n')
    writeFileSync(knownHosts, `${host.address} ${await host.readFile('/etc/ssh/ssh_host_ed25519_key.pub')}`)
    writeFileSync(
      config,
      [
        'Host *',
        `IdentityFile ${key}`,
        'IdentityAgent none',
        `UserKnownHostsFile ${knownHosts}`,
        'GlobalKnownHostsFile /dev/null',
        '',
      ].join('\n'),
    )
  })
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const at = (user: string): string => `${user}@${host.address}`
  const fleetmend = (...args: readonly string[]): Promise<Ran> =>
    runTool([process.execPath, command, ...args, '--ssh-config', config], { limitMs: 120_000 })

  async function diagnosed(ran: Ran) {
    const { hosts } = JSON.parse(ran.stdout) as DiagnosisDocument
    return hosts[0]
  }

  /** Every file of the host, with what it is. */
  async function tree(): Promise<readonly string[]> {
    const apart = changing.flatMap((path) => ['-path', path, '-prune', '-o'])
    const kinds = ['(', '-type', 'd', '-printf', '%p %m %u:%g\\n', '-o', '-printf', '%p %y %m %u:%g %s\\n', ')']
    return (await host.must(['find', '/', '-xdev', ...apart, ...kinds])).split('\n').toSorted()
  }

  test('is diagnosed by root over the ssh program, and not a file tells of it afterwards', async () => {
    const before = await tree()
    const ran = await fleetmend('diagnose', '--ssh', at('root'), '--ssh-driver', 'system', '--json')
    expect(ran.exitCode, ran.stderr).toBe(2)
    expect(await diagnosed(ran)).toMatchObject({
      host: at('root'),
      outcome: 'diagnosed',
      status: 'at-risk',
      couldNotTell: [],
    })
    expect(await tree()).toEqual(before)
    expect((await host.run(['test', '-e', '/var/lib/fleetmend'])).exitCode).toBe(1)
  })

  test('is repaired by who may become root, past what their shell says, with nothing left there but its history', async () => {
    await fpmKilled.inject(hostOf(host, 'debian12'))
    await until(async () => (await host.status('/ok.php')) === 502, 'the host to be broken')
    const before = await tree()
    const found = await fleetmend('diagnose', '--ssh', at('deploy'), '--keep', '--json')
    expect(found.exitCode, found.stderr).toBe(2)
    expect(await diagnosed(found)).toMatchObject({
      status: 'failing',
      findings: expect.arrayContaining([expect.objectContaining({ role: 'cause', diagnosis: 'fpm-crashed' })]),
    })
    const kept = (await tree()).filter((line) => !before.includes(line))
    const above = ['/home/deploy/.cache 700 deploy:deploy', `${cache} 700 deploy:deploy`]
    expect(kept.filter((line) => !line.startsWith(`${cache}/`))).toEqual(above)

    const fixed = await fleetmend('fix', '--ssh', at('deploy'), '--yes', '--watch', '1', '--json')
    expect(fixed.exitCode, fixed.stderr).toBe(0)
    const { applies } = JSON.parse(fixed.stdout) as ApplyDocument
    expect(applies).toMatchObject([{ outcome: 'fixed', authority: { kind: 'local-root' } }])
    expect(applies[0]?.authority.by).toEqual([
      expect.stringMatching(/^deploy, root through sudo, over SSH from [\d.]+ \(not proved: as sudo and sshd say\)$/),
    ])
    expect(await host.status('/ok.php')).toBe(200)
    expect((await tree()).filter((line) => !before.includes(line))).toEqual(kept)
    // What was kept was what ran.
    const asRoot = await host.must(['journalctl', '--no-pager', '-o', 'cat', '-n', '5', '_COMM=sudo'])
    expect(asRoot).toMatch(
      /COMMAND=\/usr\/bin\/env LD_LIBRARY_PATH=\S+ \/home\/deploy\/\.cache\/fleetmend\/[0-9a-f]{64}\/node /,
    )

    // Whoever installs the agent later finds what was done, and who did it.
    await host.installAgent()
    const history = await host.agent('history', '--json')
    expect(JSON.parse(history.stdout)).toMatchObject({ applies: [{ apply: applies[0]?.apply, outcome: 'fixed' }] })
    const audit = await host.agent('audit', '--json')
    expect(audit.stdout).toContain('deploy, root through sudo, over SSH from')
  })

  test('with an installed agent is asked through that one, and nothing is put there', async () => {
    const before = await tree()
    const ran = await fleetmend('diagnose', '--ssh', at('deploy'), '--json')
    expect(ran.exitCode, ran.stderr).toBeLessThan(3)
    expect(await diagnosed(ran)).toMatchObject({ outcome: 'diagnosed' })
    const asRoot = await host.must(['journalctl', '--no-pager', '-o', 'cat', '-n', '20', '_COMM=sudo'])
    expect(asRoot).toContain('COMMAND=/usr/bin/fleetmend-agent serve --stdio')
    expect(await tree()).toEqual(before)
    await host.must(['rm', '/usr/bin/fleetmend-agent'])
  })

  test('that keeps an agent of ours does not run it when somebody has changed it', async () => {
    const [digest = ''] = (await host.must(['ls', cache])).split('\n')
    const changed = 'require("fs").writeFileSync("/run/was-here","")'
    await host.must(['dd', `of=${cache}/${digest}/agent.cjs`, 'status=none'], { input: changed })
    const again = await fleetmend('diagnose', '--ssh', at('deploy'), '--json')
    expect(await diagnosed(again)).toMatchObject({ outcome: 'diagnosed' })
    expect((await host.run(['test', '-e', '/run/was-here'])).exitCode).toBe(1)
    expect(await host.must(['ls', cache])).toBe(`${digest}\n`)
  })

  test('where sudo wants a password says so, with what to do, and puts nothing there', async () => {
    const before = await tree()
    const ran = await fleetmend('diagnose', '--ssh', at('guest'))
    expect(ran.exitCode).toBe(3)
    expect(ran.stdout).toContain('sudo wants a password of guest')
    expect(ran.stdout).toContain('guest ALL=(root) NOPASSWD: ALL')
    expect(await tree()).toEqual(before)
  })

  test.each([
    {
      what: 'nothing may be started from home',
      options: 'size=300m,noexec,mode=0755',
      code: 'There is no place for the agent',
      says: 'noexec',
    },
    {
      what: 'there is no room',
      options: 'size=20m,mode=0755',
      code: 'There is no room for the agent',
      says: 'MiB are free',
    },
  ])('where $what that is said, and nothing is left there', async ({ options, code, says }) => {
    const home = '/home/deploy/.cache'
    await host.must(['rm', '-rf', home])
    await host.must(['install', '-d', '-o', 'deploy', home])
    await host.must(['mount', '-t', 'tmpfs', '-o', options, 'cache', home])
    await host.must(['chown', 'deploy:', home])
    const ran = await fleetmend('diagnose', '--ssh', at('deploy'))
    expect(ran.exitCode).toBe(3)
    expect(ran.stdout).toContain(code)
    expect(ran.stdout).toContain(says)
    expect(await host.must(['ls', '-A', home])).toBe('')
    await host.must(['umount', home])
  })
})
