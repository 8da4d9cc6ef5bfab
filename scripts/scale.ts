/** `npm run scale`: what one controller bears, as `npm run bench scale` measures it, on machines that boot no hosts, too. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
process.exitCode =
  spawnSync(process.execPath, ['scripts/bench.ts', 'scale'], { cwd: root, stdio: 'inherit' }).status ?? 1
