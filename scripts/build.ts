/** Makes what is installed on machines: a folder for the agent, files for the command, nothing beside them but a Node 26. */
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, globSync, rmSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Bundle {
  readonly entry: string
  readonly file: string
  readonly shebang?: string
  /** Words with which it loads what most of its processes need and does nothing; what V8 makes of it then is kept beside it. */
  readonly loads?: readonly string[]
}

/** The agent brings its own Node to the host, because web hosts have none; its shebang names that one. */
const bundles: readonly Bundle[] = [
  {
    entry: 'packages/agent/src/boot.ts',
    file: 'dist/agent/fleetmend-agent.cjs',
    shebang: '#!/usr/bin/env -S LD_LIBRARY_PATH=/usr/lib/fleetmend /usr/lib/fleetmend/node',
  },
  { entry: 'packages/agent/src/main.ts', file: 'dist/agent/agent.cjs', loads: ['help', '--help'] },
  { entry: 'packages/agent/src/serving.ts', file: 'dist/agent/serving.cjs' },
  { entry: 'packages/agent/src/stdio.ts', file: 'dist/agent/stdio.cjs' },
  { entry: 'packages/cli/src/boot.ts', file: 'dist/fleetmend.cjs', shebang: '#!/usr/bin/env node' },
  {
    entry: 'packages/cli/src/main.ts',
    file: 'dist/fleetmend-main.cjs',
    loads: ['hosts', 'list', '--socket', '/nonexistent/controller.sock'],
  },
]

for (const { entry, file, shebang, loads } of bundles) {
  if (!existsSync(`${root}/${entry}`)) {
    // A bundle that outlives its source would be tested in its place.
    rmSync(`${root}/${file}`, { force: true })
    continue
  }
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node26',
    // CommonJS: an ESM entry costs the agent about 3 MB of memory.
    format: 'cjs',
    // Whitespace is a third of what V8 would read at each start; names stay, for stack traces that say something.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    // What ssh2 and pg would do faster with code of the machine they are on; they do without, and say nothing.
    external: ['cpu-features', 'pg-native', '*.node'],
    ...(shebang === undefined ? {} : { banner: { js: shebang } }),
    // tRPC and ws ask for it; without it the bundle would carry their development texts and stack traces.
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
  })
  if (shebang !== undefined) chmodSync(`${root}/${file}`, 0o755)
  if (loads) {
    rmSync(`${root}/${file}.cache`, { force: true })
    // What it says of a controller that is not there is nobody's affair; that it kept nothing would be.
    spawnSync(process.execPath, ['scripts/code-cache.ts', file, ...loads], { cwd: root, stdio: 'ignore' })
    if (!existsSync(`${root}/${file}.cache`)) throw new Error(`Nothing was kept of ${file}.`)
  }
  process.stdout.write(`${file}  ${Math.round(statSync(`${root}/${file}`).size / 1024)} KiB\n`)
}

// Its units, and files to begin with: what `fleetmend agent install` takes to a host is one folder.
for (const path of globSync(['packaging/systemd/*.service', 'packaging/etc/fleetmend/*'], { cwd: root }))
  copyFileSync(`${root}/${path}`, `${root}/dist/agent/${basename(path)}`)
