/** The samples of the last days, from disk. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StateFolder } from '../state/state-folder.ts'
import { Sample } from './sample.ts'
import { dayFile, dayFiles } from './sample-store.ts'

/** Oldest first; unreadable lines are left out. */
export async function readSamples(
  { samples }: Pick<StateFolder, 'samples'>,
  sinceMs: number,
): Promise<readonly Sample[]> {
  const first = dayFile(new Date(sinceMs).toISOString())
  const files = (await dayFiles(samples)).filter((file) => file >= first)
  const texts = await Promise.all(files.map((file) => readFile(join(samples, file), 'utf8').catch(() => '')))
  return texts
    .flatMap((text) => text.split('\n'))
    .flatMap((line) => readLine(line) ?? [])
    .filter(({ at }) => Date.parse(at) >= sinceMs)
}

function readLine(line: string): Sample | null {
  if (line === '') return null
  try {
    const parsed = Sample.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
