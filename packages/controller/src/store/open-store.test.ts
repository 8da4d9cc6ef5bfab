import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemTimers } from '@fleetmend/shared'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sampleJoinToken } from '../../test/sample-join-token.ts'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { openStore, type StoreOpened } from './open-store.ts'
import type { Database } from './tables.ts'

const storeIn = (folder: string): Promise<StoreOpened> => openStore({ folder, timers: systemTimers })

async function opened(folder: string): Promise<Database> {
  const store = await storeIn(folder)
  if (!store.ok) throw new Error(store.says)
  onTestFinished(() => store.database.destroy())
  return store.database
}

describe('the folder', () => {
  test('and every file in it are for their owner alone', async () => {
    const folder = scratchFolder()
    const database = await opened(folder)
    await database.insertInto('join_tokens').values(sampleJoinToken).execute()
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const files = readdirSync(folder)
    expect(files).toContain('controller.sqlite-wal')
    expect(files.map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual(files.map(() => 0o600))
  })

  test('that others can look into is refused, and nothing is put there', async () => {
    const folder = scratchFolder()
    mkdirSync(folder, { mode: 0o755 })
    chmodSync(folder, 0o755)
    expect(await storeIn(folder)).toMatchObject({ ok: false, says: expect.stringContaining(`chmod 700 ${folder}`) })
    expect(readdirSync(folder)).toEqual([])
  })

  test('that cannot be is refused in words', async () => {
    const file = scratchFolder()
    writeFileSync(file, '')
    expect(await storeIn(join(file, 'state'))).toMatchObject({ ok: false, says: expect.stringContaining('ENOTDIR') })
  })
})

describe('the file', () => {
  test("is one controller's at a time", async () => {
    const folder = scratchFolder()
    const first = await opened(folder)
    expect(await storeIn(folder)).toMatchObject({
      ok: false,
      says: expect.stringContaining('another controller is using it'),
    })
    await first.destroy()
    expect(await opened(folder)).toBeDefined()
  })

  test('keeps what was written, synced to disk at every commit', async () => {
    const folder = scratchFolder()
    const first = await opened(folder)
    await first.insertInto('join_tokens').values(sampleJoinToken).execute()
    await first.destroy()
    const second = await opened(folder)
    expect(await second.selectFrom('join_tokens').select('made_by').execute()).toEqual([{ made_by: 'ana' }])
    const settings = await Promise.all(
      ['journal_mode', 'synchronous', 'foreign_keys'].map((name) =>
        sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(second),
      ),
    )
    // `synchronous` 2 is FULL (sqlite.org/pragma.html).
    expect(settings.map(({ rows }) => Object.values(rows[0]!)[0])).toEqual(['wal', 2, 1])
  })

  test('that is something else is refused and left alone', async () => {
    const folder = scratchFolder()
    mkdirSync(folder, { mode: 0o700 })
    writeFileSync(
      join(folder, 'controller.sqlite'),
      'not a database, and longer than the header of one would be: '.repeat(20),
    )
    expect(await storeIn(folder)).toMatchObject({ ok: false, says: expect.stringContaining('not a database') })
  })
})
