/** The commands that people type, against a whole fleet: what they print, what they ask, and how they exit. */
import { manifestDigest, type DiagnosisDocument, type RunView } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { fleetmend } from './terminal.ts'
import { openWorld, type World } from './world.ts'

const watch = ['--watch', '0'] as const

async function brokenFleet(names: readonly string[]) {
  const world = await openWorld()
  const hosts = []
  for (const name of names) hosts.push(await world.add(name, { role: 'web' }))
  for (const host of hosts) host.killFpm()
  return { world, hosts, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

async function newest(world: World): Promise<RunView> {
  const { runs } = JSON.parse((await fleetmend(world, ['runs', 'list', '--json'])).out) as {
    runs: readonly { id: string }[]
  }
  return JSON.parse((await fleetmend(world, ['runs', 'show', runs[0]!.id, '--json'])).out) as RunView
}

describe('diagnose', () => {
  test('hosts with the same trouble are shown once, by name, with how to plan for them', async () => {
    await using at = await brokenFleet(['web-1', 'web-2', 'web-3'])
    const { exitCode, out } = await fleetmend(at.world, ['diagnose'])
    expect(exitCode).toBe(2)
    expect(out).toContain('3 hosts alike: web-1, web-2, web-3')
    expect(out.match(/How we know/g)).toHaveLength(1)
    expect(out).toContain('fleetmend plan --do start-service --input service=php8.2-fpm web-1 web-2 web-3')
    expect(out).toContain('3 hosts: 3 failing')
  })

  test('as a document it names every host', async () => {
    await using at = await brokenFleet(['web-1', 'web-2'])
    const { exitCode, out } = await fleetmend(at.world, ['diagnose', '-l', 'role=web', '--json'])
    const { hosts } = JSON.parse(out) as DiagnosisDocument
    expect([exitCode, hosts.map(({ host, status }) => [host, status])]).toEqual([
      2,
      [
        ['web-1', 'failing'],
        ['web-2', 'failing'],
      ],
    ])
  })

  test('what a diagnosis means is asked of an agent', async () => {
    await using world = await openWorld()
    await world.add('web-1')
    const { exitCode, out } = await fleetmend(world, ['diagnose', '--explain', 'fpm-crashed'])
    expect(exitCode).toBe(0)
    expect(out).toMatch(/^# PHP-FPM has crashed\n\n`fpm-crashed`\. A cause/)
    expect(await fleetmend(world, ['diagnose', '--explain', 'fpm-sad'])).toMatchObject({
      exitCode: 64,
      err: expect.stringContaining('fpm-crashed') as string,
    })
  })

  test('a host that cannot be asked is not healthy, and says so in the exit code', async () => {
    await using world = await openWorld()
    const host = await world.add('web-1')
    await host.disconnect()
    const { exitCode, out } = await fleetmend(world, ['diagnose'])
    expect(exitCode).toBe(5)
    expect(out).toContain('unreachable')
  })
})

describe('fix', () => {
  test('asks at each step, heals, and shows how each host was seen to answer', async () => {
    await using at = await brokenFleet(['web-1', 'web-2'])
    const { exitCode, out, err } = await fleetmend(
      at.world,
      ['fix', '--key', at.world.keys.olivia, ...watch],
      ['y', 'y'],
    )
    expect([exitCode, ...at.hosts.map((host) => host.status())], err).toEqual([0, 200, 200])
    expect(err).toMatch(
      /Plan the repair\? \[y\/N\] y\n[^]*To be signed: sha256:[^]*Sign it with .*\? \[y\/N\] y\n[^]*Began to apply/,
    )
    expect(err.split('Sign it')[1]).not.toContain('Asked 2 hosts')
    expect(out).toMatch(/The change: web-1, web-2 {2}canary: web-1\n {2}as on web-1/)
    expect(out).toMatch(/r-\S+ {2}finished/)
    expect(out).toMatch(/web-1, web-2 {2}fixed/)
  })

  test.each([
    { answers: ['n'], says: 'Nothing was planned' },
    { answers: ['y', 'n'], says: 'Nothing was signed' },
    { answers: ['y'], says: 'Nothing was signed' },
  ])('answered with $answers it does nothing', async ({ answers, says }) => {
    await using at = await brokenFleet(['web-1'])
    const { exitCode, err } = await fleetmend(at.world, ['fix', '--key', at.world.keys.olivia, ...watch], answers)
    expect(exitCode).toBe(3)
    expect(err).toContain(says)
    expect([at.hosts[0]?.status(), at.hosts[0]?.begun()]).toEqual([502, 0])
  })

  test('where nobody can be asked it needs --yes, before anything is looked at', async () => {
    await using at = await brokenFleet(['web-1'])
    const { exitCode, err } = await fleetmend(at.world, ['fix', ...watch])
    expect(exitCode).toBe(64)
    expect(err).toContain('--yes')
    expect(await fleetmend(at.world, ['runs', 'list'])).toMatchObject({
      out: expect.stringContaining('no runs') as string,
    })
  })

  test('nothing is wrong: nothing is asked', async () => {
    await using world = await openWorld()
    await world.add('web-1')
    const { exitCode, err } = await fleetmend(world, [
      'fix',
      '--yes',
      '--do',
      'start-service',
      '--input',
      'service=php8.2-fpm',
    ])
    expect(exitCode, err).toBe(0)
  })
})

describe('plan, approve, apply', () => {
  test('each by itself, by its digest, with documents to read by programs', async () => {
    await using at = await brokenFleet(['web-1'])
    const { world } = at
    const planned = await fleetmend(world, ['plan', '--reason', 'FPM is dead', '--json', ...watch])
    expect(planned.exitCode).toBe(2)
    const { run } = JSON.parse(planned.out) as RunView
    const digest = manifestDigest(run.manifest!)
    const approve = ['approve', run.id, '--digest', digest, '--key', world.keys.olivia, '--yes']
    expect(await fleetmend(world, approve)).toMatchObject({ exitCode: 0, out: 'Approved by olivia (1 of 1).\n' })
    const applied = await fleetmend(world, ['apply', run.id, '--jsonl'])
    expect(applied.exitCode).toBe(0)
    const news = applied.out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { format: string; state?: string })
    expect(new Set(news.map(({ format }) => format))).toEqual(new Set(['fleetmend.news/1']))
    expect(news.at(-1)).toMatchObject({ news: 'event', state: 'finished' })
    expect(await newest(world)).toMatchObject({ run: { reason: 'FPM is dead', requester: 'ana', state: 'finished' } })
  })

  test('another digest, another key, no key: nothing is approved', async () => {
    await using at = await brokenFleet(['web-1'])
    const { world } = at
    await fleetmend(world, ['plan', ...watch])
    const { run } = await newest(world)
    const digest = manifestDigest(run.manifest!)
    const other = `sha256:${'0'.repeat(64)}`
    const approve = (...more: string[]) => fleetmend(world, ['approve', run.id, '--yes', ...more])
    expect(await approve('--digest', other, '--key', world.keys.olivia)).toMatchObject({ exitCode: 3 })
    expect(await approve('--digest', digest, '--key', world.keys.mallory)).toMatchObject({ exitCode: 3 })
    expect(await approve('--digest', digest, '--key', `${world.folder}/none`)).toMatchObject({
      exitCode: 3,
      err: expect.stringContaining('There is no key') as string,
    })
    expect(await fleetmend(world, ['apply', run.id])).toMatchObject({ exitCode: 3 })
    expect((await newest(world)).run).toMatchObject({ state: 'awaiting-approval', approvals: [] })
  })

  test('a run that was aborted is not applied any more', async () => {
    await using at = await brokenFleet(['web-1'])
    const { world } = at
    await fleetmend(world, ['plan', ...watch])
    const { run } = await newest(world)
    expect(await fleetmend(world, ['runs', 'abort', run.id, '--reason', 'a mistake'])).toMatchObject({ exitCode: 0 })
    expect(await fleetmend(world, ['apply', run.id])).toMatchObject({ exitCode: 3 })
    expect(at.hosts[0]?.status()).toBe(502)
  })

  test('a controller that goes away is waited for, and the story goes on where it was', async () => {
    await using at = await brokenFleet(['web-1'])
    const { world, hosts } = at
    const ran = fleetmend(world, ['fix', '--yes', '--key', world.keys.olivia, ...watch])
    hosts[0]?.hold()
    while (hosts[0]?.begun() === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    await world.stopController()
    hosts[0]?.release()
    await world.startController()
    const { exitCode, err } = await ran
    expect(exitCode, err).toBe(0)
    expect(err).toContain('connection to the controller is lost')
    expect(hosts[0]?.begun()).toBe(1)
  })
})

describe('what makes no sense', () => {
  test.each([
    { args: ['hosts', 'lisst'], exitCode: 64, says: 'Did you mean list?' },
    { args: ['diagnose', 'web-9'], exitCode: 64, says: 'Is web-1 meant?' },
    { args: ['diagnose', '-l', 'role=db'], exitCode: 64, says: 'Labels there are: role=web' },
    { args: ['plan', '--watch', 'soon'], exitCode: 64, says: 'whole number from 0 to 3600' },
    { args: ['plan', '--input', 'pool=www'], exitCode: 64, says: '--input belongs to --do' },
    { args: ['plan', '--do', 'raise-everything'], exitCode: 64, says: 'No connected host offers "raise-everything"' },
    { args: ['plan', '--do', 'tune-pool', '--input', 'size=9'], exitCode: 64, says: 'takes no input "size"' },
    { args: ['plan', '--do', 'tune-pool', '--for-findings'], exitCode: 64, says: 'two things' },
    { args: ['runs', 'show', 'r-1'], exitCode: 64, says: 'is not the id of a run' },
    { args: ['runs', 'show', 'r-20260101-000000-0000'], exitCode: 64, says: 'There is no run' },
    { args: ['runs', 'abort', 'r-20260101-000000-0000'], exitCode: 64, says: '--reason' },
    { args: ['hosts', 'invite', '--label', 'role'], exitCode: 64, says: 'key=value' },
    { args: ['hosts', 'remove', 'web-9'], exitCode: 64, says: 'There is no host "web-9"' },
    { args: ['approve', 'r-20260101-000000-0000'], exitCode: 64, says: '--digest and --yes' },
  ])('$args', async ({ args, exitCode, says }) => {
    await using world = await openWorld()
    await world.add('web-1', { role: 'web' })
    const ran = await fleetmend(world, args)
    expect(ran).toMatchObject({ exitCode, err: expect.stringContaining(says) as string, out: '' })
  })

  test('no controller: what to do, and its own exit code, as a document too', async () => {
    await using world = await openWorld()
    await world.stopController()
    const ran = await fleetmend(world, ['hosts', 'list', '--json'])
    expect(ran.exitCode).toBe(5)
    expect(JSON.parse(ran.out)).toMatchObject({
      format: 'fleetmend.problem/1',
      problem: { code: 'controller-unreachable' },
    })
  })
})
