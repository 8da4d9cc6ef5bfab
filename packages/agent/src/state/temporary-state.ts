/** For tests: a real state folder in a temporary directory, gone when its scope ends. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStateFolder, type StateFolder } from './state-folder.ts'

/** In memory where that is possible: thousands of syncs to a disk would take minutes and prove nothing more. */
const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export async function temporaryState(): Promise<{ readonly state: StateFolder } & AsyncDisposable> {
  const directory = await mkdtemp(join(parent, 'fleetmend-state-'))
  const opened = await openStateFolder(join(directory, 'state'))
  if (!opened.ok) throw new Error(opened.says)
  return { state: opened.value, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}
