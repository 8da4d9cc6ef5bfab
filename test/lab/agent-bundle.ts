/** Puts the built agent onto a host as its package will: the bundle beside its Node, and a link to it on the PATH. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { LiveHost } from './live-host.ts'

const bundle = fileURLToPath(new URL('../../dist/fleetmend-agent.cjs', import.meta.url))
const installed = '/usr/lib/fleetmend/fleetmend-agent.cjs'

/** The host has Node at `/usr/lib/fleetmend/node` since it was booted: the bundle's shebang names that. */
export async function installAgent(must: LiveHost['must']): Promise<void> {
  if (!existsSync(bundle)) throw new Error('There is no dist/fleetmend-agent.cjs. Make it:\n    pnpm build')
  await must(['dd', `of=${installed}`, 'status=none'], { input: readFileSync(bundle) })
  await must(['chmod', '0755', installed])
  await must(['ln', '-sfn', installed, '/usr/bin/fleetmend-agent'])
}
