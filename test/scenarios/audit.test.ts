/** What is on record after a repair: complete, in order, provable without the controller, and by stock OpenSSH. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifestDigest, type RunView } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { approversPath } from '../../packages/agent/src/serve/approvers-file.ts'
import { planRun, sign } from './begin-run.ts'
import { repairedFleet } from './repaired-fleet.ts'
import { fleetmend } from './terminal.ts'
import { openWorld, type World } from './world.ts'

async function exported(world: World, ...args: readonly string[]): Promise<string> {
  const path = join(world.folder, `audit-${readdirSync(world.folder).length}.jsonl`)
  const { out, exitCode, err } = await fleetmend(world, ['audit', 'export', ...args])
  if (exitCode !== 0) throw new Error(err)
  writeFileSync(path, out)
  return path
}

describe('a repair', () => {
  test('is told in order by `audit list`, by the controller and by the hosts themselves', async () => {
    await using at = await repairedFleet()
    const { out } = await fleetmend(at.world, ['audit', 'list'])
    const told = [
      /The record of this controller begins/,
      /web-1, by .*: Invited|by test: Invited/,
      /web-1: Enrolled\./,
      /web-1 itself: Enrolled as web-1/,
      /by ana: Asked 2 hosts for a plan: web hosts answer 502/,
      /web-1 itself: Planned start-service, restart-on-failure as sha256:/,
      /by olivia: Approved/,
      /by ana: Began to apply/,
      /web-1 itself, r-.*, by olivia: Let a-.* begin, plan sha256:/,
      /web-1 itself: a-.* ended: fixed\./,
      /web-1, r-.*: Signed its own record/,
      /web-1, r-.*: fixed/,
    ]
    let from = 0
    for (const each of told) {
      const found = out.slice(from).search(each)
      expect(found, `${each} after\n${out.slice(0, from)}\nin\n${out}`).toBeGreaterThanOrEqual(0)
      from += found
    }
    const ofHost = (await fleetmend(at.world, ['audit', 'list', '--host', 'web-2'])).out
    expect(ofHost).toContain('web-2')
    expect(ofHost).not.toContain('web-1')
    const byOlivia = (await fleetmend(at.world, ['audit', 'list', '--by', 'olivia'])).out
    expect(byOlivia.trim().split('\n')).toHaveLength(3)
  })

  test.each([
    { what: 'all', args: [] },
    { what: 'the run', args: ['--run'] },
  ])('exported, $what of it is proved whole, offline and against the list of approvers', async ({ args }) => {
    await using at = await repairedFleet()
    const path = await exported(at.world, ...args, ...(args.length > 0 ? [at.run] : []))
    await at.world.stopController()
    const approvers = join(at.world.folder, 'approvers')
    const { exitCode, out } = await fleetmend(at.world, ['audit', 'verify', path, '--approvers', approvers])
    expect([exitCode, out]).toEqual([0, expect.stringContaining('Whole: nothing was changed') as string])
    expect(out).toContain(`${at.run}: approved by olivia; the signatures hold against the list of approvers.`)
    expect(out).toContain(`${at.run}: 2 applied plans are what was signed.`)
    expect(out).toContain('Not proved by this')
  })

  test('is not proved against a list in which the approver does not stand', async () => {
    await using at = await repairedFleet(['web-1'])
    const path = await exported(at.world)
    const mallory = join(at.world.folder, 'mallory-approvers')
    writeFileSync(mallory, `mallory ${readFileSync(`${at.world.keys.mallory}.pub`, 'utf8')}`)
    const { exitCode, out } = await fleetmend(at.world, ['audit', 'verify', path, '--approvers', mallory])
    expect([exitCode, out]).toEqual([4, expect.stringContaining('audit-not-approved') as string])
  })

  test('stock ssh-keygen confirms an approval taken out of the export, and no other text', async () => {
    await using at = await repairedFleet(['web-1'])
    const path = await exported(at.world)
    const here = process.cwd()
    process.chdir(at.world.folder)
    try {
      const args = ['audit', 'export', '--run', at.run, '--approval', '1', '--from', path]
      const { exitCode, out, err } = await fleetmend(at.world, args)
      expect([exitCode, out]).toEqual([0, `${at.run}-1\n${at.run}-1.sig\n${at.run}-1.approver\n`])
      expect(err).toContain('ssh-keygen -Y verify -n fleetmend-approval@v1')
    } finally {
      process.chdir(here)
    }
    const file = join(at.world.folder, `${at.run}-1`)
    const verify = (input: Buffer, approvers: string): string => {
      const args = ['-n', 'fleetmend-approval@v1', '-f', approvers, '-I', 'olivia', '-s', `${file}.sig`]
      return execFileSync('ssh-keygen', ['-Y', 'verify', ...args], { input, encoding: 'utf8', stdio: 'pipe' })
    }
    const good = 'Good "fleetmend-approval@v1" signature for olivia'
    const list = join(at.world.folder, 'approvers')
    expect(verify(readFileSync(file), list)).toContain(good)
    expect(verify(readFileSync(file), `${file}.approver`)).toContain(good)
    expect(() => verify(Buffer.concat([readFileSync(file), Buffer.from('\n')]), list)).toThrow(/incorrect signature/)
  })

  test('is confirmed by the hosts themselves with `--live`; one that is away is said to be', async () => {
    await using at = await repairedFleet()
    expect(await fleetmend(at.world, ['audit', 'verify', '--live'])).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/web-1: what it shows now, .* goes on from what it had signed/) as string,
    })
    await at.hosts[1]?.disconnect()
    const { exitCode, out } = await fleetmend(at.world, ['audit', 'verify', '--live'])
    expect([exitCode, out]).toEqual([0, expect.stringContaining('web-2: it did not answer') as string])
  })
})

describe('whoever let it be done, what is on record is proved', () => {
  const yes = ['--yes'] as const
  const watch = ['--watch', '0'] as const

  async function planned(world: World): Promise<readonly [run: string, digest: string]> {
    const { out } = await fleetmend(world, ['plan', '--json', ...watch])
    const { run } = JSON.parse(out) as RunView
    return [run.id, manifestDigest(run.manifest!)]
  }

  test.each([
    {
      who: 'one person alone',
      policy: 'approvals: { ordinary: 2 }',
      approver: 'olivia namespaces="fleetmend-break-glass@v1"',
      async letBe(world: World) {
        const [run, digest] = await planned(world)
        const key = ['--key', world.keys.olivia, '--digest', digest, ...yes]
        await fleetmend(world, ['break-glass', run, ...key, '--reason', 'shop is down'])
        return fleetmend(world, ['apply', run])
      },
    },
    {
      who: 'somebody in advance',
      policy: '',
      approver: 'olivia',
      async letBe(world: World) {
        const file = join(world.folder, 'night.grant')
        const what = ['--do', 'start-service', '--do', 'restart-on-failure', '--input', 'service=php8.2-fpm']
        const where = ['--host', 'web-1', '--reason', 'the night', '--key', world.keys.olivia]
        await fleetmend(world, ['grants', 'sign', file, ...what, ...where, ...watch, ...yes])
        return fleetmend(world, ['fix', ...yes, ...watch, '--grant', file])
      },
    },
    {
      who: 'another than whoever asked',
      policy: 'approvals: { requesterMayApprove: false }',
      approver: 'olivia',
      async letBe(world: World) {
        const [run, digest] = await planned(world)
        await fleetmend(world, ['approve', run, '--key', world.keys.olivia, '--digest', digest, ...yes])
        await fleetmend(world, ['request', run, '--key', world.keys.mallory, '--digest', digest, ...yes])
        return fleetmend(world, ['apply', run])
      },
    },
  ])('$who', async ({ policy, approver, letBe }) => {
    await using world = await openWorld({ policy })
    const host = await world.add('web-1')
    host.killFpm()
    const keyOf = (name: 'olivia' | 'mallory'): string => readFileSync(`${world.keys[name]}.pub`, 'utf8')
    const text = `${approver} ${keyOf('olivia')}ana ${keyOf('mallory')}`
    const list = join(world.folder, 'approvers')
    writeFileSync(list, text)
    host.world.files.set(approversPath, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
    const done = await letBe(world)
    expect([done.exitCode, host.status()], done.err).toEqual([0, 200])

    const path = await exported(world)
    const whole = await fleetmend(world, ['audit', 'verify', path, '--approvers', list])
    expect(whole, whole.out).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining('1 applied plan is what') as string,
    })
    writeFileSync(list, `ana ${keyOf('mallory')}`)
    expect(await fleetmend(world, ['audit', 'verify', path, '--approvers', list])).toMatchObject({
      exitCode: 4,
      out: expect.stringContaining('audit-not-approved') as string,
    })
  })
})

test('what was refused because of what somebody showed is on record; a flood of it is on record once', async () => {
  await using world = await openWorld()
  const host = await world.add('web-1')
  host.killFpm()
  const api = world.api()
  const run = await planRun(api)
  const signed = { run: run.id, digest: manifestDigest(run.manifest!), signature: sign(run, world.keys.mallory) }
  for (let attempt = 0; attempt < 210; attempt++)
    await expect(api.runs.approve.mutate(signed)).rejects.toThrow(/not in the list of approvers/)
  const { out } = await fleetmend(world, ['audit', 'list', '--limit', '1000'])
  expect(out.match(/Refused runs\.approve: approver-unknown/g)).toHaveLength(200)
  expect(out.match(/Too many of kind refused/g)).toHaveLength(1)
})
