import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JournalEntry } from './journal-entry.ts'
import { createJournal, openJournal, parseJournal, readJournalFile, StateLost } from './journal.ts'
import { temporaryState } from './temporary-state.ts'

const note = (says: string): JournalEntry => ({ entry: 'note', at: '2026-11-21T03:09:40.000Z', says })
const lines = (entries: readonly JournalEntry[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')

test('what was appended is read back, in order, and room is left on disk for what comes', async () => {
  await using folder = await temporaryState()
  const path = join(folder.state.root, 'journal.jsonl')
  const journal = await createJournal(path, note('first'))
  await journal.append(note('second'))
  const read = await readJournalFile(path)
  expect(read.ok && read.value.entries).toEqual([note('first'), note('second')])
  expect((await stat(path)).size).toBeGreaterThan(100_000)
  await journal.trim()
  expect(await readFile(path, 'utf8')).toBe(lines([note('first'), note('second')]))
})

test('a journal cut off at any byte keeps every whole line, and goes on from there', async () => {
  const entries = [note('first'), note('zwei ü'), note('third')]
  const whole = Buffer.from(lines(entries))
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), async (length) => {
      await using folder = await temporaryState()
      const path = join(folder.state.root, 'journal.jsonl')
      await writeFile(path, Buffer.concat([whole.subarray(0, length), Buffer.alloc(2000, '\n')]))
      const journal = await openJournal(path)
      if (!journal.ok) throw new Error(journal.says)
      const kept = [...journal.value.entries]
      expect(kept).toEqual(entries.slice(0, kept.length))
      await journal.value.append(note('after the crash'))
      const again = await readJournalFile(path)
      expect(again.ok && again.value.entries).toEqual([...kept, note('after the crash')])
    }),
    { numRuns: 60 },
  )
})

test('whole lines behind a broken one mean damage, not a crash', () => {
  const damaged = Buffer.from(`${lines([note('first')])}{"entry":"no\n${lines([note('third')])}`)
  expect(parseJournal(damaged)).toMatchObject({ ok: false, says: expect.stringContaining('damaged at byte') })
})

test('a journal whose folder was removed cannot be written any more', async () => {
  await using folder = await temporaryState()
  const path = join(folder.state.root, 'journal.jsonl')
  const journal = await createJournal(path, note('first'))
  await rm(path)
  await expect(journal.append(note('second'))).rejects.toBeInstanceOf(StateLost)
})
