/**
 * Samples on disk: a file a day, a line a sample, seven days. Not synced: a minute that a power failure takes is no loss,
 * and what it leaves half written is left out when it is read.
 */
import { appendFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { StateFolder } from '../state/state-folder.ts'
import type { Sample } from './sample.ts'

const keptDays = 7
const dayMs = 24 * 60 * 60_000

export async function appendSample({ samples }: Pick<StateFolder, 'samples'>, sample: Sample): Promise<void> {
  await mkdir(samples, { recursive: true, mode: 0o750 })
  await appendFile(join(samples, dayFile(sample.at)), `${JSON.stringify(sample)}\n`, { mode: 0o640 })
}

export async function dropOldSamples({ samples }: Pick<StateFolder, 'samples'>, nowMs: number): Promise<void> {
  const oldest = dayFile(new Date(nowMs - keptDays * dayMs).toISOString())
  const old = (await dayFiles(samples)).filter((file) => file < oldest)
  await Promise.all(old.map((file) => rm(join(samples, file), { force: true })))
}

/** Names, oldest first. */
export async function dayFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => /^\d{4}-\d\d-\d\d\.jsonl$/.test(name)).toSorted()
}

/** Days of UTC: a clock that is put forward or back an hour makes no day twice. */
export function dayFile(at: string): string {
  return `${at.slice(0, 10)}.jsonl`
}
