import { readdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryName } from './durable.ts'
import { sweepTemporaries } from './sweep-temporaries.ts'
import { temporaryState } from './temporary-state.ts'

test('what was left is removed wherever it lies; what is being written and what only looks like it stays', async () => {
  await using folder = await temporaryState()
  const { state } = folder
  const nowMs = Date.now()
  const writtenAt = async (path: string, ms: number) => {
    await writeFile(path, 'text')
    await utimes(path, ms / 1000, ms / 1000)
  }
  const left = [temporaryName(state.lock), temporaryName(join(state.plans, 'abc.used'))]
  const [atWork, kept] = [temporaryName(state.lock), join(state.plans, '.abc.json')]
  for (const path of left) await writtenAt(path, nowMs - 60_000)
  await writtenAt(kept, nowMs - 60_000)
  await writtenAt(atWork, nowMs - 100)

  await sweepTemporaries(state, nowMs)

  const files = (await readdir(state.root, { recursive: true, withFileTypes: true }))
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
  expect(files).toEqual(expect.arrayContaining([atWork, kept]))
  expect(files.filter((path) => left.includes(path) || dirname(path) === state.applies)).toEqual([])
})

test('a folder that is gone is no matter', async () => {
  await expect(sweepTemporaries({ root: '/nowhere/fleetmend' }, Date.now())).resolves.toBeUndefined()
})
