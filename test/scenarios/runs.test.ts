/** Runs over a small fleet, from the fault to what became of each host, with everything real but the hosts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startFpm } from '../../packages/agent/src/execute/simulated-fpm.ts'
import { freezePath } from '../../packages/agent/src/judgement/brakes.ts'
import { approve, carryOut, endOf, planRun, sign, untilRun } from './begin-run.ts'
import { openWorld } from './world.ts'

const service = 'php8.2-fpm'
const pool = '/etc/php/8.2/fpm/pool.d/www.conf'
const states = ({ hosts }: { readonly hosts: readonly { readonly id: string; readonly state: string }[] }) =>
  Object.fromEntries(hosts.map(({ id, state }) => [id, state]))

test('one fault on three hosts is one change: its canary first, then the others, and all of them heal', async () => {
  await using world = await openWorld()
  const hosts = [await world.add('web-1'), await world.add('web-2'), await world.add('web-3')]
  for (const host of hosts) host.killFpm()
  const api = world.api()
  const run = await planRun(api)
  expect(run.groups).toMatchObject([{ hosts: ['web-1', 'web-2', 'web-3'] }])
  await approve(api, run, world.keys.olivia)
  hosts[0]?.hold()
  await api.runs.begin.mutate({ run: run.id, by: 'ana' })
  while (hosts[0]?.begun() === 0) await sleep(25)
  // Long enough for others to begin, if they were to.
  await sleep(200)
  expect(hosts.map((host) => host.begun())).toEqual([1, 0, 0])
  hosts[0]?.release()
  expect(await endOf(api, run.id)).toMatchObject({ state: 'finished' })
  expect(hosts.map((host) => [host.status(), host.begun()])).toEqual([
    [200, 1],
    [200, 1],
    [200, 1],
  ])
})

test('nothing is wrong: the run ends by itself, and nothing is asked of anybody', async () => {
  await using world = await openWorld()
  await world.add('web-1')
  expect(await planRun(world.api())).toMatchObject({ state: 'nothing-to-do', manifest: null })
})

test('a host that changed since is refused and named, nothing is written there, and the next one is the canary', async () => {
  await using world = await openWorld()
  const [one, two] = [await world.add('web-1'), await world.add('web-2')]
  for (const host of [one, two]) host.killFpm()
  const api = world.api()
  const run = await planRun(api)
  await approve(api, run, world.keys.olivia)
  startFpm(one.world.fpm)
  const before = new Map(one.world.files)
  await api.runs.begin.mutate({ run: run.id, by: 'ana' })
  const ended = await endOf(api, run.id)
  expect(states(ended)).toEqual({ 'web-1': 'stale', 'web-2': 'fixed' })
  expect(ended.hosts[0]?.says).toContain(service)
  expect(one.world.files).toEqual(before)
  expect([one.status(), two.status()]).toEqual([200, 200])
})

test('a pool file that FPM would refuse stops the plan, on that host alone', async () => {
  await using world = await openWorld()
  const [one] = [await world.add('web-1'), await world.add('web-2')]
  const bytes = Buffer.from('[www]\nlisten = /run/php/php8.2-fpm.sock\nunknown_directive = 1\n')
  one.world.files.set(pool, { bytes, mode: 0o640, uid: 0, gid: 33, modifiedMs: Date.now() })
  const asked = { want: [{ id: 'reload-fpm', input: { service } }], watchMs: 0 }
  const run = await planRun(world.api(), { asked })
  expect(states(run)).toEqual({ 'web-1': 'plan-refused', 'web-2': 'planned' })
  expect(run.hosts[0]?.says).toContain('FPM refuses the files on disk')
})

describe('approval', () => {
  test('the controller refuses a signature that is not of one of its approvers, or is of something else', async () => {
    await using world = await openWorld()
    const host = await world.add('web-1')
    host.killFpm()
    const api = world.api()
    const run = await planRun(api)
    await expect(approve(api, run, world.keys.mallory)).rejects.toThrow('is not in')
    const other = { ...run, manifest: run.manifest && { ...run.manifest, reason: 'something else' } }
    await expect(approve(api, other, world.keys.olivia)).rejects.toThrow(/does not count/)
    await expect(
      api.runs.approve.mutate({
        run: run.id,
        digest: `sha256:${'0'.repeat(64)}`,
        signature: sign(run, world.keys.olivia),
      }),
    ).rejects.toThrow('Cannot approve')
    await expect(api.runs.begin.mutate({ run: run.id, by: 'ana' })).rejects.toThrow('0 of 1 needed approvals')
    expect([host.status(), host.begun()]).toEqual([502, 0])
  })

  test('a host takes only its own approvers, whatever the controller believes', async () => {
    await using world = await openWorld({ alsoApprovesOnController: 'mallory' })
    const host = await world.add('web-1')
    host.killFpm()
    const api = world.api()
    const run = await planRun(api)
    await approve(api, run, world.keys.mallory)
    await api.runs.begin.mutate({ run: run.id, by: 'mallory' })
    const ended = await endOf(api, run.id)
    expect(states(ended)).toEqual({ 'web-1': 'refused' })
    expect(ended.hosts[0]?.says).toContain('is not in the list of approvers.')
    expect([host.status(), host.begun()]).toEqual([502, 0])
  })
})

test('a host that asks for two people gets two of its own, or does nothing', async () => {
  await using world = await openWorld({ alsoApprovesOnController: 'mallory', policy: 'approvals: { ordinary: 2 }' })
  const host = await world.add('web-1')
  host.killFpm()
  const api = world.api()
  const run = await planRun(api)
  expect(run.limits.approvalsNeeded).toBe(2)
  await approve(api, run, world.keys.olivia)
  await expect(api.runs.begin.mutate({ run: run.id, by: 'ana' })).rejects.toThrow('1 of 2 needed approvals')
  await approve(api, run, world.keys.mallory)
  await api.runs.begin.mutate({ run: run.id, by: 'ana' })
  const ended = await endOf(api, run.id)
  expect(states(ended)).toEqual({ 'web-1': 'refused' })
  expect(ended.hosts[0]?.says).toContain('the approval of 2 different people. Only olivia signed.')
  expect([host.status(), host.begun()]).toEqual([502, 0])
})

test('a frozen host says so to whoever plans, and does nothing', async () => {
  await using world = await openWorld()
  const host = await world.add('web-1')
  host.killFpm()
  host.world.files.set(freezePath, { bytes: Buffer.from('stocktaking\n'), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  const api = world.api()
  const run = await planRun(api)
  const { plans } = await api.runs.show.query({ run: run.id })
  expect(plans[0]?.forecast.at(-1)).toMatch(/^Applied now, it would be refused\. This host is frozen: stocktaking/)
  const ended = await carryOut(api, run, world.keys.olivia)
  expect(states(ended)).toEqual({ 'web-1': 'refused' })
  expect(ended.hosts[0]?.says).toContain('It holds until somebody lifts it')
  expect([host.status(), host.begun()]).toEqual([502, 0])
})

describe('what goes away in the middle', () => {
  test('a controller that is gone during the apply finishes the run when it is back, and nothing is done twice', async () => {
    await using world = await openWorld()
    const hosts = [await world.add('web-1'), await world.add('web-2')]
    for (const host of hosts) host.killFpm()
    const before = world.api()
    const run = await planRun(before)
    await approve(before, run, world.keys.olivia)
    hosts[0]?.hold()
    await before.runs.begin.mutate({ run: run.id, by: 'ana' })
    await untilRun(before, run.id, () => hosts[0]?.begun() === 1)
    await world.stopController()
    hosts[0]?.release()
    await world.startController()
    expect(states(await endOf(world.api(), run.id))).toEqual({ 'web-1': 'fixed', 'web-2': 'fixed' })
    expect(hosts.map((host) => [host.status(), host.begun()])).toEqual([
      [200, 1],
      [200, 1],
    ])
  })

  test('a host that is not connected is unreachable, which is not healthy', async () => {
    await using world = await openWorld()
    const [one, two] = [await world.add('web-1'), await world.add('web-2')]
    two.killFpm()
    await one.disconnect()
    const api = world.api()
    const outcomes: string[] = []
    for await (const { host, outcome } of api.diagnose.subscribe({ target: {} })) outcomes.push(`${host} ${outcome}`)
    expect(outcomes.toSorted()).toEqual(['web-1 unreachable', 'web-2 diagnosed'])
    expect(states(await planRun(api))).toEqual({ 'web-1': 'unreachable', 'web-2': 'planned' })
  })
})

describe('questions that make no sense', () => {
  test.each([
    { target: { hosts: ['web-9'] }, says: 'Is web-1 meant?' },
    { target: { selector: 'role=db' }, says: 'Labels there are: role=web' },
    { target: { selector: 'role in' }, says: 'Cannot read the selector' },
    { target: { selector: 'role=web', hosts: ['web-1'] }, says: 'both at once' },
  ])('$target', async ({ target, says }) => {
    await using world = await openWorld()
    await world.add('web-1', { role: 'web' })
    await expect(world.api().hosts.list.query(target)).rejects.toThrow(says)
    await expect(planRun(world.api(), { target })).rejects.toThrow(says)
    expect(await world.api().runs.list.query({ limit: 10 })).toEqual([])
  })

  test('a remediation that no agent offers', async () => {
    await using world = await openWorld()
    await world.add('web-1')
    const asked = { want: [{ id: 'raise-everything', input: {} }], watchMs: 0 }
    await expect(planRun(world.api(), { asked })).rejects.toThrow('No connected host offers "raise-everything"')
  })

  test('a path where a name belongs', async () => {
    await using world = await openWorld()
    await world.add('web-1')
    const asked = { want: [{ id: 'tune-pool', input: { pool: '/etc/passwd' } }], watchMs: 0 }
    const run = await planRun(world.api(), { asked })
    expect(states(run)).toEqual({ 'web-1': 'plan-refused' })
    expect(run.hosts[0]?.says).toContain('pool')
  })
})
