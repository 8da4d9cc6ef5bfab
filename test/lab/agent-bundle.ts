/** Puts the built agent onto a host as its package will: the bundle beside its Node, and a link to it on the PATH. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LiveHost } from './live-host.ts'

const built = fileURLToPath(new URL('../../dist/agent', import.meta.url))
const installed = '/usr/lib/fleetmend'
const entry = join(installed, 'fleetmend-agent.cjs')

/** The host has Node at `/usr/lib/fleetmend/node` since it was booted: the entry's shebang names that. */
export async function installAgent(must: LiveHost['must']): Promise<void> {
  if (!existsSync(built)) throw new Error('There is no dist/agent. Make it:\n    pnpm build')
  for (const name of readdirSync(built))
    await must(['dd', `of=${join(installed, name)}`, 'status=none'], { input: readFileSync(join(built, name)) })
  await must(['chmod', '0755', entry])
  await must(['ln', '-sfn', entry, '/usr/bin/fleetmend-agent'])
}
