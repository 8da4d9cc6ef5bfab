/** Hosts that dial nobody: a controller comes to their agents over SSH, and everything else is as for any other host. */
import { join } from 'node:path'
import { Duplex, type Readable, type Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeJoinToken, Peer, streamChannel } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { agentService } from '../../packages/agent/src/serve/agent-service.ts'
import { answeredBy } from '../../packages/agent/src/serve/answer-calls.ts'
import { enrolHost } from '../../packages/agent/src/serve/enrol-host.ts'
import { boundSshd } from '../../packages/ssh/test/bound-sshd.ts'
import { until } from '../lab/until.ts'
import { installedBehindSshd, reachable } from './reached-host.ts'
import { fleetmend } from './terminal.ts'

/** As `serve --stdio` makes one of two. */
const inOne = Duplex.from as unknown as (pair: { readonly readable: Readable; readonly writable: Writable }) => Duplex

describe('adding a host', () => {
  test('a person compares its key at the terminal, and then it is a member like any other', async () => {
    await using at = await reachable()
    const { sshd } = at
    const words = ['hosts', 'add', 'web-7', '--ssh', `fleetmend@127.0.0.1:${sshd.port}`, '--label', 'role=web']
    const { exitCode, out, err } = await fleetmend(at.world, words, ['y'])
    expect(exitCode, err).toBe(0)
    expect(err).toContain(`ssh-ed25519 ${sshd.fingerprint}`)
    expect(err).toContain('Is it the same? [y/N] y')
    expect(out).toContain('It is connected.')
    expect(await at.listed()).toMatchObject({
      connected: true,
      wrong: null,
      labels: { role: 'web' },
      certificateExpiresAt: null,
    })
    const list = await fleetmend(at.world, ['hosts', 'list'])
    expect(list.out).toMatch(/web-7 +ssh +connected +role=web/)

    at.host.killFpm()
    expect(await fleetmend(at.world, ['diagnose'])).toMatchObject({
      exitCode: 2,
      out: expect.stringContaining('web-7'),
    })
    const fixed = await fleetmend(at.world, ['fix', '--key', at.world.keys.olivia, '--watch', '0'], ['y', 'y'])
    expect([fixed.exitCode, at.host.status()], fixed.err).toEqual([0, 200])
    const audit = await fleetmend(at.world, ['audit', 'list'])
    expect(audit.out).toMatch(/web-7.*Signed its own record/)
    const approvers = ['--approvers', join(at.world.folder, 'approvers')]
    const verified = await fleetmend(at.world, ['audit', 'verify', '--live', ...approvers])
    expect(verified.exitCode, verified.out + verified.err).toBe(0)
    expect(audit.out).toContain(`reached over SSH as fleetmend@127.0.0.1:${sshd.port}, host key ${sshd.fingerprint}`)
  })

  test('without a terminal nothing is taken unseen, and the answer is the option that says it was compared', async () => {
    await using at = await reachable()
    const refused = await at.add()
    expect(refused).toMatchObject({ exitCode: 3, err: expect.stringContaining(`--host-key '${at.sshd.fingerprint}'`) })
    expect([at.sshd.logins(), await at.listed()]).toEqual([0, undefined])
    expect(await at.add('--host-key', at.sshd.fingerprint)).toMatchObject({ exitCode: 0 })
    expect(await at.add('--host-key', at.sshd.fingerprint)).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('hosts remove web-7'),
    })
  })

  test('a key that is not the one that was compared lets nothing begin', async () => {
    await using at = await reachable()
    expect(await at.add('--host-key', `SHA256:${'A'.repeat(43)}`)).toMatchObject({ exitCode: 3 })
    expect(at.sshd.logins()).toBe(0)
  })

  test.each([
    { what: 'runs every command', bound: { to: 'nothing' }, says: /said: This account runs what it is told to\./ },
    { what: 'lets connections through', bound: { to: 'command', forwards: true }, says: /TCP forwarding/ },
  ] as const)('an account that $what is refused, and what it must be is said', async ({ bound, says }) => {
    await using at = await reachable()
    at.sshd.bound = bound
    const refused = await at.add('--accept-new', '--json')
    expect(refused).toMatchObject({ exitCode: 3 })
    expect(JSON.parse(refused.out)).toMatchObject({
      problem: { code: 'ssh-not-bound', detail: expect.stringMatching(says) },
    })
    expect(refused.err).toContain(`restrict,command="/usr/bin/fleetmend-agent stdio" ssh-ed25519 `)
    expect(await at.listed()).toBeUndefined()
    at.sshd.bound = { to: 'command' }
    expect(await at.add('--accept-new')).toMatchObject({ exitCode: 0 })
  })

  test('no command that could do something is ever asked for', async () => {
    await using at = await reachable()
    await at.add('--accept-new')
    expect(new Set(at.sshd.asked)).toEqual(new Set(["/bin/echo 'This account runs what it is told to.'", 'true']))
  })

  test('a host that calls itself otherwise is refused', async () => {
    await using at = await reachable('web-8')
    const words = ['hosts', 'add', 'web-7', '--ssh', `127.0.0.1:${at.sshd.port}`, '--accept-new', '--json']
    expect(JSON.parse((await fleetmend(at.world, words)).out)).toMatchObject({ problem: { code: 'wrong-host' } })
  })

  test('a host that root did not make one of this fleet is refused, with the line that does', async () => {
    await using at = await reachable('web-7', 'b7d8b7d8')
    const refused = await at.add('--accept-new')
    expect(refused).toMatchObject({ exitCode: 3 })
    expect(refused.err).toContain('it belongs to the fleet b7d8b7d8')
    expect(refused.err).toMatch(/fleetmend-agent enrol --again --over-ssh [0-9a-f]+ --host web-7/)
    expect(await at.listed()).toBeUndefined()
  })

  test('an account that is bound to an agent which takes it for root is refused', async () => {
    await using at = await reachable()
    const { host, state } = at.host
    const start = async () => ({ ok: true }) as const
    const root = agentService({ host, state, start, root: 'fleetmend through sudo' })
    at.sshd.command = async (input, output) => {
      const stream = inOne({ readable: input, writable: output })
      await new Peer(
        streamChannel(stream, { preamble: 'send' }),
        answeredBy(root, () => undefined),
      ).ended
      return 0
    }
    const refused = await at.add('--accept-new', '--json')
    expect(JSON.parse(refused.out)).toMatchObject({
      problem: { code: 'ssh-not-bound', detail: expect.stringContaining('takes it for root') },
    })
    expect(await at.listed()).toBeUndefined()
  })

  test('through a host on the way, whose key is compared first, and is known for the next one', async () => {
    await using at = await reachable()
    const authorized = () => at.publicKey
    await using bastion = await boundSshd({ command: async () => 1, authorized })
    bastion.bound = { to: 'command', forwards: true }
    const jump = ['--jump', `jump@127.0.0.1:${bastion.port}`]
    const words = ['hosts', 'add', 'web-7', '--ssh', `127.0.0.1:${at.sshd.port}`, ...jump]
    const { exitCode, err } = await fleetmend(at.world, words, ['y', 'y'])
    expect(exitCode, err).toBe(0)
    expect(err.indexOf(bastion.fingerprint)).toBeLessThan(err.indexOf(at.sshd.fingerprint))
    expect(await at.listed()).toMatchObject({ connected: true, ssh: { jumps: [{ user: 'jump', port: bastion.port }] } })
    await using next = await installedBehindSshd(at.world, 'web-8', at.publicKey)
    const again = ['hosts', 'add', 'web-8', '--ssh', `127.0.0.1:${next.port}`, ...jump, '--host-key', next.fingerprint]
    expect(await fleetmend(at.world, again)).toMatchObject({ exitCode: 0 })
  })

  test('root is nobody that a controller logs in as', async () => {
    await using at = await reachable()
    const words = ['hosts', 'add', 'web-7', '--ssh', `root@127.0.0.1:${at.sshd.port}`, '--accept-new', '--json']
    expect(JSON.parse((await fleetmend(at.world, words)).out)).toMatchObject({ problem: { code: 'ssh-not-bound' } })
    expect(at.sshd.logins()).toBe(0)
  })
})

describe('a host that is a member', () => {
  test('comes back by itself when it was down, and when the controller was', async () => {
    await using at = await reachable()
    await at.add('--accept-new')
    await at.sshd.down()
    await until(async () => (await at.listed())?.wrong?.code === 'ssh-unreachable', 'web-7 to be away')
    const list = await fleetmend(at.world, ['hosts', 'list'])
    expect(list.out).toContain('web-7 is not reached: ssh-unreachable')
    await at.sshd.up()
    await until(async () => (await at.listed())?.connected === true, 'web-7 to be connected')
    await at.world.stopController()
    await at.world.startController()
    await until(async () => (await at.listed())?.connected === true, 'web-7 to be connected')
  })

  test('that shows another host key is not talked to, and that is an alarm', async () => {
    await using at = await reachable()
    await at.add('--accept-new')
    await at.sshd.down()
    const logins = at.sshd.logins()
    await at.sshd.up({ otherKey: true })
    await until(async () => (await at.listed())?.alarm?.code === 'ssh-host-changed', 'the alarm')
    expect(await at.listed()).toMatchObject({ connected: false, wrong: { code: 'ssh-host-changed' } })
    expect(at.sshd.logins()).toBe(logins)
    const list = await fleetmend(at.world, ['hosts', 'list'])
    expect(list.out).toContain('ALARM ssh-host-changed on web-7')
    expect(list.out).toContain('fleetmend hosts remove web-7')
  })

  test('whose account is let loose is cut off from its next connection on', async () => {
    await using at = await reachable()
    await at.add('--accept-new')
    at.sshd.bound = { to: 'nothing' }
    await at.sshd.down()
    await at.sshd.up()
    await until(async () => (await at.listed())?.wrong?.code === 'ssh-not-bound', 'web-7 to be cut off')
    expect(await at.listed()).toMatchObject({ connected: false })
  })

  test('is cut at once when it is taken out, and not gone to again', async () => {
    await using at = await reachable()
    await at.add('--accept-new')
    expect(await fleetmend(at.world, ['hosts', 'remove', 'web-7'])).toMatchObject({ exitCode: 0 })
    await until(async () => at.world.log.some((line) => line.startsWith('web-7 disconnected')), 'web-7 to be cut')
    const logins = at.sshd.logins()
    await sleep(1500)
    expect([at.sshd.logins(), await at.listed()]).toEqual([logins, undefined])
    expect(await at.add('--accept-new')).toMatchObject({ exitCode: 0 })
  })
})

describe('one way to a host, and no second one:', () => {
  test('a host that dials out is not added over SSH', async () => {
    await using at = await reachable('web-1')
    const { token } = await at.world.api().hosts.invite.mutate({ by: 'test', labels: {}, host: null, lifeMs: 60_000 })
    await enrolled(token, 'web-1')
    expect(await at.add('--accept-new', '--json')).toMatchObject({
      exitCode: 3,
      out: expect.stringContaining('name-taken'),
    })
  })

  test('a new host cannot take the name of one that is reached over SSH; one that was invited by that name can', async () => {
    await using at = await reachable()
    await at.add('--accept-new')
    const invite = (host: string | null) =>
      at.world.api().hosts.invite.mutate({ by: 'test', labels: {}, host, lifeMs: 60_000 })
    expect(await enrolled((await invite(null)).token, 'web-7')).toMatchObject({
      ok: false,
      problem: { code: 'name-taken' },
    })
    expect(await at.listed()).toMatchObject({ connected: true })
    expect(await enrolled((await invite('web-7')).token, 'web-7')).toMatchObject({ ok: true })
    await until(async () => (await at.listed())?.connected === false, 'web-7 to be away')
    expect(await at.listed()).toMatchObject({ ssh: null })
    const logins = at.sshd.logins()
    await sleep(1500)
    expect(at.sshd.logins()).toBe(logins)
  })
})

function enrolled(token: string, host: string): ReturnType<typeof enrolHost> {
  const decoded = decodeJoinToken(token)
  if (!decoded.ok) throw new Error(decoded.problem.detail)
  return enrolHost(decoded.value, { host, os: null, agentVersion: '0.1.0' })
}
