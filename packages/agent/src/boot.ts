/** The start of every process of the agent on a host: which bundle it needs, so that none loads more than that. */
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runBuilt } from '@fleetmend/shared/bundle-script'

const entry = process.argv[1]
if (entry === undefined) throw new Error('The agent was started without an entry file. This is a bug.')
runBuilt(join(dirname(realpathSync(entry)), bundleOf(process.argv.slice(2))))

function bundleOf([command, ...words]: readonly string[]): string {
  if (command === 'stdio') return 'stdio.cjs'
  // A session that answers itself needs nearly all of the agent.
  return command === 'serve' && !words.includes('--stdio') ? 'serving.cjs' : 'agent.cjs'
}
