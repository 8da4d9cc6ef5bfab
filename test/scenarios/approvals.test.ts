/** Who lets a run be done: two people, nobody but the requester, one alone, somebody in advance; with real keys and commands. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifestBytes, manifestDigest, type Run, type RunView } from '@fleetmend/shared'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { listApplies } from '../../packages/agent/src/state/apply-record.ts'
import { approversPath } from '../../packages/agent/src/serve/approvers-file.ts'
import { agentWith } from '../../packages/cli/test/real-ssh-agent.ts'
import { fleetmend } from './terminal.ts'
import { openWorld, type Member, type World } from './world.ts'

const watch = ['--watch', '0'] as const

interface Scene extends AsyncDisposable {
  readonly world: World
  readonly host: Member
  /** The list of approvers of the controller and of the host. */
  approvers(lines: Readonly<Record<string, string>>): void
}

/** One host that is down, in a world where ana asks. */
async function scene(policy = ''): Promise<Scene> {
  const world = await openWorld({ policy })
  const host = await world.add('web-1')
  host.killFpm()
  return {
    world,
    host,
    approvers(lines) {
      const text = Object.entries(lines)
        .map(([key, who]) => `${who} ${readFileSync(`${key}.pub`, 'utf8')}`)
        .join('')
      writeFileSync(join(world.folder, 'approvers'), text)
      host.world.files.set(approversPath, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

async function plan(world: World): Promise<Run> {
  const { out, err } = await fleetmend(world, ['plan', '--json', ...watch])
  const { run } = JSON.parse(out) as RunView
  if (!run.manifest) throw new Error(err)
  return run
}

/** Signs with a key, as somebody whom nobody can ask. */
async function signed(world: World, command: string, run: Run, key: string, ...more: readonly string[]) {
  const digest = manifestDigest(run.manifest!)
  return fleetmend(world, [command, run.id, '--digest', digest, '--key', key, '--yes', ...more])
}

describe('where whoever asked does not count', () => {
  test('ana signs that she asked, olivia approves, and the host is healed', async () => {
    await using at = await scene('approvals: { requesterMayApprove: false }')
    const { world } = at
    const [olivia, ana] = [world.keys.olivia, world.keys.mallory]
    at.approvers({ [olivia]: 'olivia', [ana]: 'ana' })
    const run = await plan(world)
    expect(await signed(world, 'approve', run, ana)).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('ana asked for it') as string,
    })
    expect(await signed(world, 'request', run, olivia)).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('ana asked for it, and this is signed by olivia') as string,
    })
    expect(await signed(world, 'approve', run, olivia)).toMatchObject({
      exitCode: 0,
      err: expect.stringContaining(`fleetmend request ${run.id}`) as string,
    })
    expect(await fleetmend(world, ['apply', run.id])).toMatchObject({ exitCode: 3 })
    expect(await signed(world, 'request', run, ana)).toMatchObject({ exitCode: 0 })
    expect(await fleetmend(world, ['apply', run.id])).toMatchObject({ exitCode: 0 })
    expect([at.host.status(), at.host.begun()]).toEqual([200, 1])
  })
})

test('a denied run names who said no and why, is never begun, and exits with 3', async () => {
  await using at = await scene()
  const { world } = at
  const run = await plan(world)
  await signed(world, 'approve', run, world.keys.olivia)
  expect(await fleetmend(world, ['deny', run.id, '--reason', 'not during the sale'])).toMatchObject({ exitCode: 0 })
  expect(await fleetmend(world, ['apply', run.id])).toMatchObject({ exitCode: 3 })
  expect((await fleetmend(world, ['runs', 'show', run.id])).out).toContain('Denied by ana: not during the sale')
  expect((await fleetmend(world, ['runs', 'list'])).out).toMatch(/denied/)
  expect((await fleetmend(world, ['runs', 'watch', run.id])).exitCode).toBe(3)
  expect([at.host.status(), at.host.begun()]).toEqual([502, 0])
})

describe('break-glass', () => {
  const both = 'namespaces="fleetmend-approval@v1,fleetmend-break-glass@v1"'
  const reason = 'shop is down, nobody else awake'

  test('lets one named person go alone, and is shown wherever the run and the host are', async () => {
    await using at = await scene('approvals: { ordinary: 2 }')
    const { world, host } = at
    at.approvers({ [world.keys.olivia]: `olivia ${both}`, [world.keys.mallory]: 'mallory' })
    const run = await plan(world)
    const byMallory = await signed(world, 'break-glass', run, world.keys.mallory, '--reason', reason)
    expect(byMallory).toMatchObject({ exitCode: 3, err: expect.stringContaining('does not say namespaces=') as string })
    const broken = await signed(world, 'break-glass', run, world.keys.olivia, '--reason', reason)
    expect(broken).toMatchObject({ exitCode: 0, out: 'BREAK-GLASS by olivia alone.\n' })
    expect(broken.err).toContain('a freeze, what may be applied at all')
    const applied = await fleetmend(world, ['apply', run.id])
    expect(applied.exitCode, applied.err).toBe(0)
    expect(applied.out).toMatch(/BREAK-GLASS by olivia alone at \S+: shop is down, nobody else awake/)
    expect(applied.err).toContain('BREAK-GLASS')
    expect((await fleetmend(world, ['runs', 'list'])).out).toContain('finished, BREAK-GLASS')
    expect(host.status()).toBe(200)
    const [report] = await listApplies(host.state)
    expect(report).toMatchObject({ authority: { kind: 'break-glass', by: ['olivia'], reason } })
    expect(report?.timeline[0]?.says).toContain(`BREAK-GLASS by olivia alone: ${reason}`)
  })

  test('is refused by a host whose policy forbids it', async () => {
    await using at = await scene('approvals: { ordinary: 2, breakGlass: false }')
    const { world, host } = at
    at.approvers({ [world.keys.olivia]: `olivia ${both}` })
    const run = await plan(world)
    await signed(world, 'break-glass', run, world.keys.olivia, '--reason', reason)
    const applied = await fleetmend(world, ['apply', run.id])
    expect(applied).toMatchObject({ exitCode: 3, out: expect.stringContaining('nobody goes ahead alone') as string })
    expect([host.status(), host.begun()]).toEqual([502, 0])
  })
})

describe('a grant', () => {
  const what = ['--do', 'start-service', '--do', 'restart-on-failure', '--input', 'service=php8.2-fpm', ...watch]
  const where = ['--host', 'web-1', '--reason', 'the night']
  const fixing = ['fix', '--yes', ...watch, '--grant']

  test('lets a runbook heal a host without a person, once an hour, and stock ssh-keygen knows whose it is', async () => {
    await using at = await scene('coolDownMinutes: 0')
    const { world, host } = at
    const file = join(world.folder, 'night.grant')
    const made = await fleetmend(world, [
      'grants',
      'sign',
      file,
      ...what,
      ...where,
      '--key',
      world.keys.olivia,
      '--yes',
    ])
    expect(made.exitCode, made.err).toBe(0)
    const verify = ['grants', 'verify', file, '--approvers', join(world.folder, 'approvers')]
    expect(await fleetmend(world, verify)).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/once an hour on each[^]*✓ signed by olivia with SHA256:/) as string,
    })
    const { signatures } = JSON.parse(readFileSync(file, 'utf8')) as { signatures: readonly string[] }
    const bytes = (await fleetmend(world, ['grants', 'show', file, '--signed-bytes'])).out
    expect(stockVerify(world, 'olivia', 'fleetmend-grant@v1', Buffer.from(bytes), signatures[0]!)).toContain('Good')

    const healed = await fleetmend(world, [...fixing, file])
    expect([healed.exitCode, host.status()], healed.err).toEqual([0, 200])
    expect((await listApplies(host.state))[0]).toMatchObject({ authority: { kind: 'grant', by: ['olivia'] } })

    host.killFpm()
    const again = await fleetmend(world, [...fixing, file])
    expect(again).toMatchObject({ exitCode: 3, out: expect.stringContaining('may be used once an hour') as string })
    expect([host.status(), host.begun()]).toEqual([502, 1])
  })

  test('for something else is refused before any host is asked', async () => {
    await using at = await scene()
    const { world } = at
    const file = join(world.folder, 'other.grant')
    const other = ['--do', 'reload-fpm', ...where]
    await fleetmend(world, ['grants', 'sign', file, ...other, '--key', world.keys.olivia, '--yes'])
    const run = await plan(world)
    expect(await fleetmend(world, ['apply', run.id, '--grant', file])).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('is for reload-fpm and nothing else') as string,
    })
    expect(at.host.begun()).toBe(0)
  })

  test('takes a second signature, and every host of a fleet', async () => {
    await using at = await scene('approvals: { ordinary: 2 }')
    const { world, host } = at
    at.approvers({ [world.keys.olivia]: 'olivia', [world.keys.mallory]: 'mallory' })
    const file = join(world.folder, 'night.grant')
    const everywhere = [...what, '--all-hosts', '--reason', 'the night']
    await fleetmend(world, ['grants', 'sign', file, ...everywhere, '--key', world.keys.olivia, '--yes'])
    const alone = await fleetmend(world, [...fixing, file])
    expect(alone).toMatchObject({ exitCode: 3, out: expect.stringContaining('Only olivia signed.') as string })
    await fleetmend(world, ['grants', 'sign', file, '--add', '--key', world.keys.mallory, '--yes'])
    const healed = await fleetmend(world, [...fixing, file])
    expect([healed.exitCode, host.status()], healed.err).toEqual([0, 200])
  })
})

describe('the key', () => {
  test('that ssh-agent holds and the approvers file knows is taken without being named', async () => {
    await using at = await scene()
    const { world } = at
    await using agent = await agentWith(world.keys.mallory, world.keys.olivia)
    const run = await plan(world)
    const digest = manifestDigest(run.manifest!)
    const approve = ['approve', run.id, '--digest', digest, '--yes']
    const approved = await fleetmend(world, approve, undefined, undefined, { SSH_AUTH_SOCK: agent.socketPath })
    expect(approved).toMatchObject({ exitCode: 0, out: 'Approved by olivia (1 of 1).\n' })
    const { run: after } = JSON.parse((await fleetmend(world, ['runs', 'show', run.id, '--json'])).out) as RunView
    const message = manifestBytes(run.manifest!)
    const { signature } = after.approvals[0]!
    expect(stockVerify(world, 'olivia', 'fleetmend-approval@v1', message, signature)).toContain('Good')
  })

  test('that is encrypted is opened by ssh-keygen, with a passphrase that never passes through here', async () => {
    await using at = await scene()
    const { world } = at
    const { olivia } = world.keys
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'four words of hers', '-f', olivia])
    const askpass = join(world.folder, 'askpass')
    writeFileSync(askpass, '#!/bin/sh\necho four words of hers\n', { mode: 0o700 })
    const run = await plan(world)
    vi.stubEnv('SSH_ASKPASS', askpass)
    vi.stubEnv('SSH_ASKPASS_REQUIRE', 'force')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(await signed(world, 'approve', run, olivia)).toMatchObject({ exitCode: 0 })
  })
})

/** What stock `ssh-keygen -Y verify` says. */
function stockVerify(world: World, who: string, namespace: string, message: Buffer, signature: string): string {
  const file = join(world.folder, 'to-verify.sig')
  writeFileSync(file, signature)
  const args = ['-Y', 'verify', '-f', join(world.folder, 'approvers'), '-I', who, '-n', namespace, '-s', file]
  return execFileSync('ssh-keygen', args, { input: message, encoding: 'utf8' })
}
