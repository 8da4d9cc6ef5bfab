/** What the programs of a host say of their configuration, held against what the agent reads in it. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { LiveHost } from '../../lab/live-host.ts'
import { nodeOnHost } from '../../lab/node-on-host.ts'

const entry = fileURLToPath(new URL('compare-on-host.ts', import.meta.url))
const installed = '/usr/lib/fleetmend/compare-on-host.mjs'

let bundled: Promise<Uint8Array> | undefined

/** Before anything is broken: a host whose disk is full takes no file. The agent is there already. */
export async function installComparison(host: LiveHost): Promise<void> {
  const input = await (bundled ??= bundle())
  await host.must(['dd', `of=${installed}`, 'status=none'], { input })
}

/** What differs, in words; none: they agree. `within` are the words that put a command where it is to look. */
export async function comparedReadings(host: LiveHost, within: readonly string[] = []): Promise<readonly string[]> {
  return JSON.parse(await host.must([...within, ...nodeOnHost, installed])) as readonly string[]
}

async function bundle(): Promise<Uint8Array> {
  const options = { bundle: true, platform: 'node', format: 'esm', target: 'node26', write: false } as const
  const { outputFiles } = await build({ ...options, entryPoints: [entry], logLevel: 'warning' })
  const [file] = outputFiles
  if (!file) throw new Error('The comparison was not bundled.')
  return file.contents
}
