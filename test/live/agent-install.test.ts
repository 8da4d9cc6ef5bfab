/**
 * From nothing but sshd, nginx and PHP-FPM to an agent that serves its controller, and back: installed, upgraded under an apply
 * that is at work, and taken away by a person with an account that has sudo. Not a file tells of it afterwards.
 */
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ApplyDocument, InstallationAnswer, PlanDocument } from '@fleetmend/shared'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { openFleet, type Fleet } from '../lab/fleet.ts'
import { openLab, type Lab } from '../lab/lab.ts'
import { letIn } from '../lab/let-in.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { must, runTool, type Ran } from '../lab/tool.ts'
import type { Release } from '../lab/tree-recipes.ts'
import { until } from '../lab/until.ts'
import { hostOf, untilServing } from './faults/host-kit.ts'
import { fpmKilled } from './faults/service/fpm-killed.ts'

const built = fileURLToPath(new URL('../../dist/agent', import.meta.url))

/** Where an agent could leave anything. */
const everywhere = ['/usr', '/etc', '/var/lib', '/home', '/root', '/opt']
/** Copies that groupadd(8) makes of its files as they were before, and what systemd and PHP write of themselves. */
const ofOthers = /^\/etc\/(group|gshadow)-$|^\/var\/lib\/(systemd|php\/sessions)\b|^\/var\/lib\/(nginx)\b/

describe.skipIf(await hostsAreImpossible())('a host with nothing of ours', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-installing-'))
  const at = (name: string): string => join(folder, name)
  const other = at('other-agent')
  let lab: Lab
  let fleet: Fleet

  beforeAll(async () => {
    if (!existsSync(join(built, 'fleetmend-agent.service'))) throw new Error('dist/agent is not whole:\n    pnpm build')
    lab = await openLab()
    fleet = await openFleet(lab.address)
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'olivia', '-f', at('key')])
    writeFileSync(
      at('config'),
      `IdentityFile ${at('key')}\nIdentityAgent none\nUserKnownHostsFile ${at('known_hosts')}\nGlobalKnownHostsFile /dev/null\n`,
    )
    // Another build: one byte is enough.
    cpSync(built, other, { recursive: true })
    appendFileSync(join(other, 'serving.cjs'), '\n')
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    await lab?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  async function bareHost(name: string, release: Release): Promise<LiveHost> {
    const host = await lab.boot({ name, release, isBare: true })
    await host.must(['useradd', '--create-home', '--shell', '/bin/bash', 'deploy'])
    await letIn(host, 'deploy', readFileSync(at('key.pub'), 'utf8'))
    await host.writeFile('/etc/sudoers.d/deploy', 'deploy ALL=(root) NOPASSWD: ALL\n')
    const key = await host.readFile('/etc/ssh/ssh_host_ed25519_key.pub')
    writeFileSync(at('known_hosts'), `${host.address} ${key}`)
    return host
  }

  const agent = (host: LiveHost, deed: string, words: readonly string[], files = built): Promise<Ran> =>
    runTool(
      fleet.commandLine(['agent', deed, '--ssh', `deploy@${host.address}`, '--ssh-config', at('config'), ...words]),
      {
        limitMs: 180_000,
        env: { FLEETMEND_AGENT_FILES: files },
      },
    )

  async function answered(running: Promise<Ran>, exitCode = 0): Promise<InstallationAnswer> {
    const ran = await running
    expect(ran.exitCode, ran.stdout + ran.stderr).toBe(exitCode)
    const { hosts } = JSON.parse(ran.stdout) as { hosts: readonly { answer: InstallationAnswer }[] }
    if (!hosts[0]) throw new Error(ran.stdout)
    return hosts[0].answer
  }

  async function tree(host: LiveHost) {
    const entries = Object.entries(await host.snapshot(everywhere))
    return Object.fromEntries(entries.filter(([path]) => !ofOthers.test(path)))
  }

  /** What a second installation might touch, to the nanosecond. */
  const touched = (host: LiveHost): Promise<string> =>
    host.must([
      ...['find', '/usr/lib/fleetmend', '/usr/bin/fleetmend-agent', '/usr/lib/systemd/system', '/etc/fleetmend'],
      ...['/etc/systemd/system', '/etc/group', '-printf', '%p %i %T@ %C@\\n'],
    ])

  describe('of Debian 12', () => {
    let host: LiveHost
    let before: Awaited<ReturnType<typeof tree>>
    let version: string | null = null
    const approvers = () => ['--approvers', join(fleet.folder, 'approvers')]
    const applies = async () => (JSON.parse((await host.agent('history', '--json')).stdout) as ApplyDocument).applies

    beforeAll(async () => {
      host = await bareHost('web-1', 'debian12')
      before = await tree(host)
    })

    test('is shown what would be done, and not touched', async () => {
      const shown = await agent(host, 'install', ['--dry-run', ...approvers()])
      expect(shown.exitCode, shown.stderr).toBe(2)
      expect(shown.stdout).toMatch(/\+olivia ssh-ed25519 AAAA[^]*\+ExecStart=\/usr\/lib\/fleetmend\/node/)
      expect(await tree(host)).toEqual(before)
    })

    test('gets an agent and is of the fleet, and a second time there is nothing to do', async () => {
      const words = ['--yes', '--json', '--label', 'role=web', ...approvers()]
      const installed = await answered(agent(host, 'install', words))
      expect(installed).toMatchObject({ problem: null, before: null, enrolled: { host: 'web-1' } })
      expect((await fleet.cli(['hosts', 'list'])).stdout).toMatch(/^web-1 .*connected .*role=web/m)
      version = installed.after

      const as = await touched(host)
      expect(await answered(agent(host, 'install', words))).toMatchObject({ steps: [], problem: null })
      expect(await touched(host)).toBe(as)
    })

    test('is upgraded under an apply that is at work, and the apply goes on as it began', async () => {
      const asked = ['reload-fpm', '--input', 'service=php8.2-fpm', '--watch', '10', '--json']
      const [plan] = (JSON.parse((await host.agent('plan', ...asked)).stdout) as PlanDocument).plans
      const applying = host.agent('apply', plan?.digest ?? '', '--json')
      await until(async () => (await applies())[0]?.phase === 'watching', 'the apply to watch')
      const unit = `fleetmend-apply-${(await applies())[0]?.apply ?? ''}`
      const pidOf = () => host.must(['systemctl', 'show', '--property=MainPID', '--value', unit])
      const pid = (await pidOf()).trim()
      // However long the upgrade takes.
      await host.must(['kill', '-STOP', pid])

      const upgraded = await answered(agent(host, 'install', ['--yes', '--json'], other))
      expect(upgraded).toMatchObject({ problem: null, before: version })
      expect(upgraded.after).not.toBe(version)
      expect(upgraded.notes.join('\n')).toContain(`${version} stays, because ${unit} is at work`)
      expect((await pidOf()).trim()).toBe(pid)
      expect(await host.must(['readlink', `/proc/${pid}/exe`])).toBe(`/usr/lib/fleetmend/${version}/node\n`)
      const refused = await agent(host, 'uninstall', ['--yes', '--purge'], other)
      expect([refused.exitCode, refused.stdout]).toEqual([3, expect.stringContaining('is at work')])

      await host.must(['kill', '-CONT', pid])
      expect(await applying).toMatchObject({ exitCode: 0 })
      await until(async () => (await host.run(['systemctl', 'is-active', unit])).exitCode !== 0, 'its unit to be gone')
      const later = await answered(agent(host, 'install', ['--yes', '--json'], other))
      expect(later.steps.map(({ says }) => says)).toEqual([`remove /usr/lib/fleetmend/${version}`])
    })

    test('is repaired by its controller', async () => {
      await fpmKilled.inject(hostOf(host, 'debian12'))
      await until(async () => (await host.status('/ok.php')) === 502, 'the host to be broken')
      const fixed = await fleet.cli(['fix', '--yes', '--key', fleet.key, '--watch', '1', '--reason', 'FPM is dead'])
      expect(fixed.exitCode, fixed.stdout + fixed.stderr).toBe(0)
      expect(await host.status('/ok.php')).toBe(200)
      await host.must(['rm', '-rf', '/etc/systemd/system/php8.2-fpm.service.d'])
    })

    test('is as it was before, once the agent is taken away', async () => {
      const removed = await answered(agent(host, 'uninstall', ['--yes', '--purge', '--json'], other))
      expect(removed.problem).toBeNull()
      expect(await tree(host)).toEqual(before)
    })
  })

  test.each(['debian11', 'debian13'] as const)('of %s is installed, and left as it was', async (release) => {
    const host = await bareHost(`on-${release}`, release)
    const before = await tree(host)
    const installed = await answered(agent(host, 'install', ['--yes', '--json', '--no-enrol']))
    expect(installed).toMatchObject({ problem: null, enrolled: null })
    await untilServing(hostOf(host, release))
    expect(await host.must(['systemctl', 'is-active', 'fleetmend-agent'])).toBe('active\n')
    const removed = await answered(agent(host, 'uninstall', ['--yes', '--purge', '--json']))
    expect(removed.problem).toBeNull()
    expect(await tree(host)).toEqual(before)
  })
})
