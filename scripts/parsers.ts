/**
 * `npm run parsers`: our readings of PHP-FPM's and nginx's configuration beside the real programs of three Debian releases,
 * over many more random files than the tests take, from a seed of its own each time. A case that fails is printed whole.
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { FLEETMEND_CASES: cases = '20', FLEETMEND_SEED: seed = String(randomInt(2 ** 31)) } = process.env

process.stderr.write(`FLEETMEND_CASES=${cases} FLEETMEND_SEED=${seed}\n`)
const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'live', 'test/live/parsers']
const env = { ...process.env, FLEETMEND_CASES: cases, FLEETMEND_SEED: seed }
process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1
