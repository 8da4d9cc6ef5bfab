/** How somebody gets at a controller from their own computer: signed in once, and known by it from then on. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { plainPaint } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { throwAwayController } from '../../packages/agent/test/throw-away-controller.ts'
import { fingerprintOf, lookAtServer } from '../../packages/cli/src/connection/server-trust.ts'
import { planRun } from './begin-run.ts'
import { created, fileIn, home } from './own-computer.ts'
import { authorityOf } from './people-client.ts'
import { fleetmend, fleetmendWith } from './terminal.ts'
import { openWorld, type World } from './world.ts'

describe('letting a colleague in', () => {
  test('a token is made, what is printed beside it signs in with it, and from then on no option is needed', async () => {
    await using world = await openWorld()
    await world.add('web-1')
    const ana = home()
    const { secret, url, fingerprint, says } = await created(world, '--name', 'ana', '--role', 'operator')
    expect(secret).toMatch(/^fmt_\w{49}$/)
    expect(says).toMatch(/^It is ana's \(operator; the whole fleet\), good until 20\S+Z, and shown this once\./)
    expect(says).not.toContain(secret)
    const signed = await fleetmendWith(ana, ['login', url, '--fingerprint', fingerprint], { input: `${secret}\n` })
    expect(signed).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^Signed in to wss:\S+\. ana: operator/) as string,
    })
    expect((await fleetmendWith(ana, ['hosts', 'list'])).out).toContain('web-1')
    expect((await fleetmendWith(ana, ['whoami'])).out).toMatch(
      new RegExp(`^ana: operator, the whole fleet, until \\S+, at ${url}\n$`),
    )
    expect(signed.out + signed.err).not.toContain(secret)
  })

  test('the file with the token is for its owner alone, and whole', async () => {
    await using world = await openWorld()
    const ana = home()
    const { secret, url, fingerprint } = await created(world, '--name', 'ana', '--role', 'viewer')
    await fleetmendWith(ana, ['login', url, '--fingerprint', fingerprint], { input: secret })
    const path = fileIn(ana)
    expect([statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777]).toEqual([0o600, 0o700])
    expect(readdirSync(dirname(path))).toEqual(['sign-ins.json'])
    chmodSync(path, 0o644)
    const open = await fleetmendWith(ana, ['hosts', 'list'])
    expect(open).toMatchObject({ exitCode: 3, err: expect.stringContaining(`chmod 600 ${path}`) as string })
  })

  test('without a fingerprint a person is shown it first, and asked; nothing is typed for a stranger', async () => {
    await using world = await openWorld()
    const ana = home()
    const { secret, url, fingerprint } = await created(world, '--name', 'ana', '--role', 'viewer')
    const no = await fleetmendWith(ana, ['login', url], { answers: ['n', secret] })
    expect(no).toMatchObject({ exitCode: 3, err: expect.stringContaining(fingerprint) as string })
    expect(no.err).not.toContain('Token for')
    const nobody = await fleetmendWith(ana, ['login', url], { input: secret })
    expect(nobody).toMatchObject({ exitCode: 3, err: expect.stringContaining('--fingerprint') as string })
    const yes = await fleetmendWith(ana, ['login', url], { answers: ['y', secret] })
    expect([yes.exitCode, yes.err.includes(secret)]).toEqual([0, false])
    const again = await fleetmendWith(ana, ['login'], { answers: [secret] })
    expect([again.exitCode, again.err]).toEqual([0, `Token for ${url}: \n`])
  })

  test('a script needs no file: everything comes from its environment', async () => {
    await using world = await openWorld()
    await world.add('web-1')
    const { secret, url, fingerprint } = await created(world, '--name', 'ci', '--role', 'viewer', '--never-expires')
    const environment = {
      ...home(),
      FLEETMEND_CONTROLLER: url,
      FLEETMEND_TOKEN: secret,
      FLEETMEND_FINGERPRINT: fingerprint,
    }
    expect(JSON.parse((await fleetmendWith(environment, ['whoami', '--json'])).out)).toMatchObject({
      format: 'fleetmend.whoami/1',
      name: 'ci',
      roles: ['viewer'],
      expiresAt: null,
    })
    const wrong = { ...environment, FLEETMEND_FINGERPRINT: `sha256:${'0'.repeat(64)}` }
    expect(await fleetmendWith(wrong, ['whoami', '--json'])).toMatchObject({
      exitCode: 3,
      out: expect.stringContaining('"not-the-controller"') as string,
    })
  })

  test('who is alone on call plans, approves and carries out with one token', async () => {
    await using world = await openWorld()
    const host = await world.add('web-1')
    host.killFpm()
    const { secret, url, fingerprint } = await created(world, '--name', 'ana', '--role', 'operator,approver')
    const ana = home()
    await fleetmendWith(ana, ['login', url, '--fingerprint', fingerprint], { input: secret })
    const fixed = await fleetmendWith(ana, ['fix', '--key', world.keys.olivia, '--watch', '0'], { answers: ['y', 'y'] })
    expect([fixed.exitCode, host.status()], fixed.err).toEqual([0, 200])
    expect(fixed.err).toContain('asked for by ana')
  })

  test('a certificate that the computer trusts anyway needs no fingerprint', async () => {
    await using world = await openWorld()
    const { secret, url } = await created(world, '--name', 'ci', '--role', 'viewer')
    const environment = { ...home(), FLEETMEND_CONTROLLER: url, FLEETMEND_TOKEN: secret }
    const stranger = await inAProcess(environment, ['whoami'])
    expect(stranger).toContain('not-the-controller')
    const authority = join(environment.HOME, 'authority.pem')
    writeFileSync(authority, (await authorityOf(world)).join('\n'))
    const trusting = { ...environment, NODE_EXTRA_CA_CERTS: authority }
    expect(await inAProcess(trusting, ['whoami'])).toMatch(/^ci: viewer, the whole fleet/)
  })

  test('a token that is typed at a terminal is repeated nowhere', async () => {
    await using world = await openWorld()
    const ana = home()
    const { secret, url, fingerprint } = await created(world, '--name', 'ana', '--role', 'viewer')
    const seen = await atATerminal(ana, ['login', url, '--fingerprint', fingerprint], `${secret}x\u007f\r`)
    expect(seen).toContain(`Token for ${url}: `)
    expect(seen).toContain('ana: viewer')
    expect(seen).not.toContain(secret.slice(0, 8))
  })

  test('a scope and a life are kept to as they were given', async () => {
    await using world = await openWorld()
    await world.add('web-1', { env: 'prod' })
    await world.add('web-2', { env: 'staging' })
    const args = ['--name', 'ben', '--role', 'operator', '--expires', '12h', '-l', 'env=prod', '--read-only'] as const
    const { secret, url, fingerprint, says } = await created(world, ...args)
    expect(says).toContain("It is ben's (operator, to look only; hosts with env=prod)")
    const ben = home()
    await fleetmendWith(ben, ['login', url, '--fingerprint', fingerprint], { input: secret })
    const { out } = await fleetmendWith(ben, ['hosts', 'list'])
    expect([out.includes('web-1'), out.includes('web-2')]).toEqual([true, false])
    expect(await fleetmendWith(ben, ['plan'])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('only look') as string,
    })
    const list = await fleetmend(world, ['tokens', 'list'])
    expect(list.out).toMatch(/ben +operator, to look only +env=prod +until \S+Z +\d{4}-\d\d-\d\dT\d\dh/)
  })
})

test('a controller that is started anew is waited for, and the story of a run goes on where it was', async () => {
  await using world = await openWorld()
  const host = await world.add('web-1')
  host.killFpm()
  const { secret, url, fingerprint } = await created(world, '--name', 'ana', '--role', 'operator')
  const ana = home()
  await fleetmendWith(ana, ['login', url, '--fingerprint', fingerprint], { input: secret })
  const run = await planRun(world.api())
  const begun = Promise.withResolvers<void>()
  const seen = { paint: plainPaint, show: () => begun.resolve() }
  const watching = fleetmendWith(ana, ['runs', 'watch', run.id, '--jsonl'], { seen })
  await begun.promise
  await world.stopController()
  await world.startController()
  await world.api().runs.abort.mutate({ run: run.id, by: 'root', reason: 'seen enough' })
  const { out, err } = await watching
  const events = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: { type: string; sequence: number } }).event)
  expect(events.at(-1)?.type, err).toBe('aborted')
  expect(events.map(({ sequence }) => sequence)).toEqual([...new Set(events.map(({ sequence }) => sequence))])
})

describe('a new authority', () => {
  test('is noticed by nobody who came while it followed the old one; others sign in again', async () => {
    await using world = await openWorld()
    const [ana, ben] = [home(), home()]
    for (const [name, at] of Object.entries({ ana, ben })) {
      const { secret, url, fingerprint } = await created(world, '--name', name, '--role', 'viewer')
      await fleetmendWith(at, ['login', url, '--fingerprint', fingerprint], { input: secret })
    }
    const renewed = (...args: readonly string[]) => fleetmend(world, ['controller', 'renew-ca', ...args])
    expect(await renewed()).toMatchObject({ exitCode: 0 })
    expect((await fleetmendWith(ana, ['whoami'])).exitCode).toBe(0)
    expect(readFileSync(fileIn(ana), 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(await renewed('--finish')).toMatchObject({ exitCode: 0 })
    await untilShown(world)
    expect(await fleetmendWith(ana, ['whoami'])).toMatchObject({ exitCode: 0, err: '' })
    expect(readFileSync(fileIn(ana), 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(1)
    expect(await fleetmendWith(ben, ['whoami'])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('its authority was replaced') as string,
    })
    const { secret, url, fingerprint } = await created(world, '--name', 'ben', '--role', 'viewer')
    await fleetmendWith(ben, ['login', url, '--fingerprint', fingerprint], { input: secret })
    expect(await fleetmendWith(ben, ['whoami'])).toMatchObject({ exitCode: 0 })
  })

  /** The address for people gets its new certificate a moment later. */
  async function untilShown(world: World): Promise<void> {
    const { now } = await world.api().authority.show.query()
    for (;;) {
      const looked = await lookAtServer(world.apiUrl())
      const last = looked.ok ? looked.value.chain.at(-1) : undefined
      if (last && fingerprintOf(last) === now.fingerprint) return
    }
  }
})

describe('what is refused', () => {
  test('a role that is not enough: what, why and what to do, with exit code 3', async () => {
    await using world = await openWorld()
    const ana = home()
    const { secret, url, fingerprint } = await created(world, '--name', 'ana', '--role', 'viewer')
    await fleetmendWith(ana, ['login', url, '--fingerprint', fingerprint], { input: secret })
    const { exitCode, err } = await fleetmendWith(ana, ['hosts', 'invite'])
    expect(exitCode).toBe(3)
    expect(err).toContain('You are ana, with the role viewer. That does not allow hosts.invite: it takes admin.')
    expect(err).toContain('fleetmend tokens create --help')
  })

  test('what is no token is not sent, and not repeated', async () => {
    await using world = await openWorld()
    const { url, fingerprint, secret } = await created(world, '--name', 'ana', '--role', 'viewer')
    const cut = secret.slice(0, -1)
    const { exitCode, err } = await fleetmendWith(home(), ['login', url, '--fingerprint', fingerprint], { input: cut })
    expect([exitCode, err.includes(cut), err.includes('not a whole token')]).toEqual([3, false, true])
  })

  test('another authority at the address that is known gets no token', async () => {
    await using world = await openWorld()
    await using impostor = await throwAwayController()
    const ana = home()
    const { secret, url, fingerprint } = await created(world, '--name', 'ana', '--role', 'viewer')
    await fleetmendWith(ana, ['login', url, '--fingerprint', fingerprint], { input: secret })
    const stored = readFileSync(fileIn(ana), 'utf8')
    writeFileSync(fileIn(ana), stored.replaceAll(url, impostor.url))
    const { exitCode, err } = await fleetmendWith(ana, ['hosts', 'list'])
    expect([exitCode, err.includes('nothing was sent there')], err).toEqual([3, true])
    const login = ['login', impostor.url, '--fingerprint', fingerprint]
    expect(await fleetmendWith(ana, login, { input: secret })).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('not-the-controller') as string,
    })
  })

  test.each([
    { environment: { FLEETMEND_CONTROLLER: 'http://controller.example' }, args: [], says: /takes wss:/ },
    { environment: { FLEETMEND_CONTROLLER: 'wss://user:pw@controller.example' }, args: [], says: /takes wss:/ },
    { environment: {}, args: ['--controller', 'wss://a.example', '--socket', '/x'], says: /it is one controller/ },
  ])('$environment $args is no controller', async ({ environment, args, says }) => {
    expect(await fleetmendWith({ ...home(), ...environment }, [...args, 'whoami'])).toMatchObject({
      exitCode: 64,
      err: expect.stringMatching(says) as string,
    })
  })

  test('a damaged file is not guessed at', async () => {
    const ana = home()
    mkdirSync(dirname(fileIn(ana)), { recursive: true })
    writeFileSync(fileIn(ana), '{"format":"fleetmend.sign-ins/1","controllers":{"wss://a.example":{}}}', {
      mode: 0o600,
    })
    expect(await fleetmendWith(ana, ['whoami'])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('is damaged') as string,
    })
  })

  test('nobody at the address: what it says fits a network, and has its own exit code', async () => {
    const environment = { ...home(), FLEETMEND_CONTROLLER: 'wss://127.0.0.1:1', FLEETMEND_TOKEN: 'fmt_' }
    expect(await fleetmendWith(environment, ['whoami'])).toMatchObject({
      exitCode: 5,
      err: expect.stringContaining('--api-listen') as string,
    })
  })
})

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

function inAProcess(environment: Readonly<Record<string, string>>, args: readonly string[]): Promise<string> {
  return allOf(spawn(process.execPath, [main, ...args], { env: environment }), '')
}

/** A terminal of its own, by script(1), which shows what that terminal shows. */
function atATerminal(
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  typed: string,
): Promise<string> {
  const command = [process.execPath, main, ...args].join(' ')
  return allOf(spawn('script', ['-qec', command, '/dev/null'], { env: { ...process.env, ...environment } }), typed)
}

/** Types once something was said, as a person would. */
async function allOf(child: ChildProcessWithoutNullStreams, typed: string): Promise<string> {
  let said = ''
  const hear = (chunk: Buffer): void => {
    if (said === '') child.stdin.write(typed)
    said += chunk.toString()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  await once(child, 'close')
  return said
}
