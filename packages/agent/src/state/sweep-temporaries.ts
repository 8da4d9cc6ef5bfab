/** Removes temporary files from the agent's folder that were left by a process which was killed while it wrote. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isTemporaryName, saysOf } from './durable.ts'
import type { StatePaths } from './state-paths.ts'

/** Whoever is at work has one for moments. */
const leftAfterMs = 10_000

/** What cannot be removed now is tried again the next time; it harms nobody meanwhile. */
export async function sweepTemporaries({ root }: Pick<StatePaths, 'root'>, nowMs: number): Promise<void> {
  try {
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !isTemporaryName(entry.name)) continue
      const path = join(entry.parentPath, entry.name)
      const { mtimeMs } = await stat(path)
      if (nowMs - mtimeMs > leftAfterMs) await rm(path, { force: true })
    }
  } catch (error) {
    saysOf(error)
  }
}
