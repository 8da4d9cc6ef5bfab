/** A run that is rolled back: with plans, an approval and waves of its own, by the commands that people type. */
import type { RunView } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { dropInPath } from '../../packages/agent/src/execute/simulated-world.ts'
import { fleetmend } from './terminal.ts'
import { openWorld, type Member, type World } from './world.ts'

const dropIn = ['--do', 'restart-on-failure', '--input', 'service=php8.2-fpm'] as const
const hasDropIn = ({ world }: Member) => world.files.has(dropInPath)

async function changedFleet(names: readonly string[]) {
  const world = await openWorld({ policy: 'coolDownMinutes: 0' })
  const hosts: Member[] = []
  for (const name of names) hosts.push(await world.add(name, { role: 'web' }))
  const fixed = await fleetmend(world, ['fix', ...dropIn, '--watch', '0', '--yes', '--key', world.keys.olivia])
  expect(fixed.exitCode, fixed.err).toBe(0)
  expect(hosts.map(hasDropIn)).toEqual(hosts.map(() => true))
  const id = /r-\S+/.exec(fixed.out)?.[0] ?? ''
  return { world, hosts, id, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

async function newest(world: World): Promise<RunView> {
  const { runs } = JSON.parse((await fleetmend(world, ['runs', 'list', '--json'])).out) as { runs: { id: string }[] }
  return JSON.parse((await fleetmend(world, ['runs', 'show', runs[0]!.id, '--json'])).out) as RunView
}

describe('runs rollback', () => {
  test('shows what is put back, asks for a signature, and puts it back on every host that the run changed', async () => {
    await using at = await changedFleet(['web-1', 'web-2', 'web-3'])
    const { exitCode, out, err } = await fleetmend(
      at.world,
      ['runs', 'rollback', at.id, '--key', at.world.keys.olivia],
      ['y'],
    )
    expect(exitCode, err).toBe(0)
    expect(at.hosts.map(hasDropIn)).toEqual([false, false, false])
    expect(out).toContain(`rolls back ${at.id}`)
    expect(out).toContain('-Restart=on-failure')
    expect(out).toMatch(/The change: web-1, web-2, web-3 {2}canary: web-1/)
    expect(out).toContain('web-1, web-2, web-3  undone')
    expect((await newest(at.world)).run).toMatchObject({
      follows: { run: at.id, as: 'rollback' },
      reason: `to roll back ${at.id}`,
      asked: { want: [{ id: 'undo-apply', input: { run: at.id } }], watchMs: 0 },
      hosts: [{ state: 'fixed' }, { state: 'fixed' }, { state: 'fixed' }],
    })
    const { run } = await newest(at.world)
    const shown = await fleetmend(at.world, ['runs', 'show', at.id])
    expect(shown.out).toContain(`rolled back by ${run.id}  finished`)
    const again = await fleetmend(at.world, ['runs', 'rollback', at.id, '--plan-only'])
    expect([again.exitCode, again.out]).toEqual([0, expect.stringContaining('(undo-apply) has put it back')])
  })

  test('only on the hosts that are named, and it waits for an approval where that is wanted', async () => {
    await using at = await changedFleet(['web-1', 'web-2'])
    const planned = await fleetmend(at.world, ['runs', 'rollback', at.id, 'web-2', '--plan-only', '--reason', 'slower'])
    expect([planned.exitCode, planned.err]).toEqual([2, expect.stringContaining('To approve it')])
    const { run } = await newest(at.world)
    expect(run).toMatchObject({ state: 'awaiting-approval', reason: 'slower', hosts: [{ id: 'web-2' }] })
    expect(at.hosts.map(hasDropIn)).toEqual([true, true])
    const approved = await fleetmend(at.world, ['approve', run.id, '--key', at.world.keys.olivia, '--yes'])
    expect(approved.exitCode, approved.err).toBe(0)
    expect((await fleetmend(at.world, ['apply', run.id])).exitCode).toBe(0)
    expect(at.hosts.map(hasDropIn)).toEqual([true, false])
  })

  test('a host whose file was edited since refuses with that reason, and the others go on', async () => {
    await using at = await changedFleet(['web-1', 'web-2'])
    const { world } = at.hosts[0]!
    world.files.set(dropInPath, { ...world.files.get(dropInPath)!, bytes: Buffer.from('[Service]\nRestart=always\n') })
    const ran = await fleetmend(at.world, ['runs', 'rollback', at.id, '--yes', '--key', at.world.keys.olivia])
    expect(ran.exitCode).toBe(3)
    expect(ran.out).toContain(`${dropInPath} was edited since`)
    expect(at.hosts.map(hasDropIn)).toEqual([true, false])
  })

  test.each([
    { args: ['r-20260101-000000-0000', '--yes'], exitCode: 64, says: 'r-20260101-000000-0000' },
    { args: ['nonsense', '--yes'], exitCode: 64, says: 'runs list' },
    { args: ['r-20260101-000000-0000'], exitCode: 64, says: '--plan-only' },
  ])('$args gets a clear answer', async ({ args, exitCode, says }) => {
    await using world = await openWorld()
    expect(await fleetmend(world, ['runs', 'rollback', ...args])).toMatchObject({
      exitCode,
      err: expect.stringContaining(says) as string,
    })
  })
})
