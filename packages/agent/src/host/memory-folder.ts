/** A folder of our own, for a moment; in memory, because a full disk and a full /run are things to be found out. */
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export function memoryFolder(use: string): string {
  return mkdtempSync(join(memory(), prefixOf(use)))
}

/** Takes away what nobody was left to take away. Everybody may put something there: only what is ours counts. */
export function sweepMemory(use: string, olderThanMs: number): void {
  for (const name of readdirSync(memory())) {
    if (!name.startsWith(prefixOf(use))) continue
    const path = join(memory(), name)
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory() && stat.uid === process.getuid?.() && Date.now() - stat.mtimeMs > olderThanMs)
      rmSync(path, { recursive: true, force: true })
  }
}

function memory(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : '/tmp'
}

function prefixOf(use: string): string {
  return `fleetmend-${use}-`
}
