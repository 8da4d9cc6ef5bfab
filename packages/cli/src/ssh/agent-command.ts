/** How the agent is started from the folder that it was put into. */
import { entryName, runtimeName } from './agent-files.ts'
import type { Words } from './far-programs.ts'

export function agentCommand(folder: string): Words {
  return [...runtimeCommand(folder), `${folder}/${entryName}`]
}

/** With its libatomic from beside it, which many a web host lacks. */
export function runtimeCommand(folder: string): Words {
  return ['/usr/bin/env', `LD_LIBRARY_PATH=${folder}`, `${folder}/${runtimeName}`]
}
