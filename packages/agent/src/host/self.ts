/** How the agent runs itself again for a task that needs another namespace, another user or another lifetime. */
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runtimeLibrary } from '@fleetmend/shared/model/installed-agent'

export interface Self {
  readonly program: string
  /** Goes before the subcommand: node's own flags and the entry file. */
  readonly args: readonly string[]
}

/** As it was when this process began: where another version is installed meanwhile, this one goes on with its own. */
const entry = process.argv[1] === undefined ? undefined : realpathSync(process.argv[1])
const folder = dirname(process.execPath)
const hasLibrary = existsSync(join(folder, runtimeLibrary))

/** The running node with the running entry: the bundle on a host, `src/main.ts` in development. */
export function runningSelf(flags: readonly string[] = process.execArgv): Self {
  if (entry === undefined) throw new Error('The agent was started without an entry file. This is a bug.')
  const args = [...flags, entry]
  return hasLibrary
    ? { program: '/usr/bin/env', args: [`LD_LIBRARY_PATH=${folder}`, process.execPath, ...args] }
    : { program: process.execPath, args }
}
