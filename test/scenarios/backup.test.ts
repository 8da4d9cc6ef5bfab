/** `fleetmend controller backup` as people type it: against a controller that works, and put back in its place. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitCodes } from '@fleetmend/shared'
import { expect, onTestFinished, test } from 'vitest'
import { hasPostgres, makeDatabase } from '../../packages/controller/test/postgres.ts'
import { fleetmend } from './terminal.ts'
import { openWorld } from './world.ts'

function folderFor(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fleetmend-backup-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('a copy that was taken from a controller at work is put back, and the fleet is as it was', async () => {
  await using world = await openWorld()
  await (await world.add('web-1', { role: 'web' })).disconnect()
  const folder = folderFor()
  const file = join(folder, 'monday.sqlite')
  const { exitCode, out, err } = await fleetmend(world, ['controller', 'backup', file, '--json'])
  expect([exitCode, err]).toEqual([exitCodes.done, expect.stringContaining('install -m 600')])
  expect(JSON.parse(out)).toMatchObject({ format: 'fleetmend.backup/1', file, sizeBytes: statSync(file).size })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['monday.sqlite'])

  await fleetmend(world, ['hosts', 'remove', 'web-1'])
  await world.stopController()
  copyFileSync(file, join(world.folder, 'data', 'controller.sqlite'))
  await world.startController()
  expect((await world.api().hosts.list.query({})).map(({ id, labels }) => [id, labels])).toEqual([
    ['web-1', { role: 'web' }],
  ])
})

test('a file that is there is not written over', async () => {
  await using world = await openWorld()
  const file = join(folderFor(), 'monday.sqlite')
  writeFileSync(file, 'sunday')
  const { exitCode, err } = await fleetmend(world, ['controller', 'backup', file])
  expect([exitCode, err]).toEqual([exitCodes.usage, expect.stringContaining('there is such a file already')])
  expect(statSync(file).size).toBe(6)
})

test.skipIf(!hasPostgres)('of one in PostgreSQL, pg_dump makes the copies', async () => {
  const made = await makeDatabase()
  onTestFinished(made.drop)
  await using world = await openWorld({ databaseUrl: made.url })
  const file = join(folderFor(), 'monday.sqlite')
  const { exitCode, err } = await fleetmend(world, ['controller', 'backup', file])
  expect([exitCode, err]).toEqual([exitCodes.refused, expect.stringContaining('pg_dump --format=custom')])
  expect(existsSync(file)).toBe(false)
})
