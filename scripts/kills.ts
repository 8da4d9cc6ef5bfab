/** `npm run kills`: a controller killed at FLEETMEND_KILLS random moments of live runs (100), with real agents over TLS. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { FLEETMEND_KILLS: kills = '100' } = process.env
const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', 'test/scenarios/killed-controller']
const env = { ...process.env, FLEETMEND_KILLS: kills }
process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1
