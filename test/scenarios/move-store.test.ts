/** `fleetmend controller move-store` as people type it: the store of a whole fleet goes into a PostgreSQL, and comes back. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { exitCodes } from '@fleetmend/shared'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasPostgres, makeDatabase } from '../../packages/controller/test/postgres.ts'
import { approve, endOf, planRun } from './begin-run.ts'
import { fleetmend } from './terminal.ts'
import { openWorld } from './world.ts'

describe.skipIf(!hasPostgres)('a store', () => {
  test('is moved once its controller is stopped, and the fleet goes on where it was', async () => {
    const made = await makeDatabase()
    onTestFinished(made.drop)
    await using world = await openWorld()
    const host = await world.add('web-1', { role: 'web' })
    host.killFpm()
    const run = await planRun(world.api())
    await approve(world.api(), run, world.keys.olivia)
    const move = (to: string, ...more: readonly string[]) =>
      fleetmend(world, [
        ...['controller', 'move-store', '--to', to],
        ...['--data', join(world.folder, 'data'), '--database', made.url, ...more],
      ])
    const refused = await move('database')
    expect([refused.exitCode, refused.err]).toEqual([exitCodes.refused, expect.stringContaining('database-in-use')])

    await world.stopController()
    const moved = await move('database', '--json')
    expect([moved.exitCode, moved.err]).toEqual([
      exitCodes.done,
      expect.stringContaining('start no controller over it'),
    ])
    expect(JSON.parse(moved.out)).toMatchObject({
      ...{ format: 'fleetmend.store-moved/1', to: 'database' },
      rows: { runs: 1, hosts: 1, run_hosts: 1 },
      events: expect.stringMatching(/^sha256:/) as string,
    })
    expect((await move('file')).exitCode).toBe(exitCodes.refused)
    const file = join(world.folder, 'data', 'controller.sqlite')
    for (const name of [file, `${file}-wal`, `${file}-shm`]) rmSync(name, { force: true })
    const back = await move('file')
    expect([back.exitCode, back.out]).toEqual([exitCodes.done, expect.stringContaining('runs 1, events ')])
    expect(existsSync(file)).toBe(true)

    await world.startController()
    const api = world.api()
    await expect.poll(async () => (await api.hosts.list.query({})).map(({ connected }) => connected)).toEqual([true])
    await api.runs.begin.mutate({ run: run.id, by: 'ana' })
    expect((await endOf(api, run.id)).state).toBe('finished')
    expect(host.status()).toBe(200)
  })

  test('needs to be told which PostgreSQL', async () => {
    await using world = await openWorld()
    const { exitCode, err } = await fleetmend(world, ['controller', 'move-store', '--to', 'database'])
    expect([exitCode, err]).toEqual([exitCodes.usage, expect.stringContaining('--database-file')])
  })
})
