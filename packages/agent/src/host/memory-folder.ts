/** A folder of our own, for a moment; in memory, because a full disk and a full /run are things to be found out. */
import { existsSync, mkdtempSync } from 'node:fs'

export function memoryFolder(use: string): string {
  return mkdtempSync(`${existsSync('/dev/shm') ? '/dev/shm' : '/tmp'}/fleetmend-${use}-`)
}
