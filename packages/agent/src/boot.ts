/**
 * The start of every process of the agent on a host: runs its bundle with the code that V8 made of it when it was built
 * (`scripts/code-cache.ts`), which a process that lives for a tenth of a second would spend a third of its time on.
 */
import { readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { bundleScript, runBundle } from './bundle-script.ts'

const entry = process.argv[1]
if (entry === undefined) throw new Error('The agent was started without an entry file. This is a bug.')
const folder = dirname(realpathSync(entry))
const bundle = join(folder, bundleOf(process.argv.slice(2)))
runBundle(bundleScript(bundle, readCache(`${bundle}.cache`)), createRequire(bundle))

function bundleOf([command, ...words]: readonly string[]): string {
  if (command === 'stdio') return 'stdio.cjs'
  // A session that answers itself needs nearly all of the agent.
  return command === 'serve' && !words.includes('--stdio') ? 'serving.cjs' : 'agent.cjs'
}

/** Without one, or with that of another Node, V8 begins anew. */
function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
