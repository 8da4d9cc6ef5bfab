import { appendFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryState } from '../state/temporary-state.ts'
import type { Sample } from './sample.ts'
import { readSamples } from './read-samples.ts'
import { appendSample, dropOldSamples } from './sample-store.ts'

const at = (instant: string): Sample => ({
  at: instant,
  pools: [{ pool: 'php8.2-fpm/www', busy: 1, waiting: 0, peakMiB: 30 }],
  sites: [{ site: 'shop.example', requests: 10, serverErrors: 0 }],
})

test('what was appended is read again, oldest first, over days', async () => {
  await using folder = await temporaryState()
  const all = [at('2026-11-19T23:59:10.000Z'), at('2026-11-20T00:00:10.000Z'), at('2026-11-20T00:01:10.000Z')]
  for (const sample of all) await appendSample(folder.state, sample)
  expect(await readSamples(folder.state, 0)).toEqual(all)
  expect(await readSamples(folder.state, Date.parse('2026-11-20T00:00:10.000Z'))).toEqual(all.slice(1))
})

test('nothing was recorded yet: nothing', async () => {
  await using folder = await temporaryState()
  expect(await readSamples(folder.state, 0)).toEqual([])
  await dropOldSamples(folder.state, Date.now())
})

test('a line that a power failure left half written is left out, and so is one of another form', async () => {
  await using folder = await temporaryState()
  const good = at('2026-11-20T00:00:10.000Z')
  await appendSample(folder.state, good)
  await appendFile(join(folder.state.samples, '2026-11-20.jsonl'), '{"at":"2026-11-20T00:01\n{"at":1}\n\n')
  await appendSample(folder.state, at('2026-11-20T00:02:10.000Z'))
  expect(await readSamples(folder.state, 0)).toHaveLength(2)
})

test('seven days are kept, and nothing else of the folder is touched', async () => {
  await using folder = await temporaryState()
  for (const day of ['12', '13', '14', '20']) await appendSample(folder.state, at(`2026-11-${day}T12:00:00.000Z`))
  await appendFile(join(folder.state.samples, 'notes.txt'), 'a person put this here')
  await dropOldSamples(folder.state, Date.parse('2026-11-20T12:00:00.000Z'))
  expect((await readdir(folder.state.samples)).toSorted()).toEqual([
    '2026-11-13.jsonl',
    '2026-11-14.jsonl',
    '2026-11-20.jsonl',
    'notes.txt',
  ])
})
