/**
 * From a clean clone to the real thing: installs pnpm, the dependencies with their Node 26, and the Debian packages that
 * real hosts and the store's tests need, then runs `scripts/<task>.ts` with that Node. Runs on Node 20 and uses nothing but Node itself.
 * Everything it says goes to stderr: stdout belongs to the task.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pnpmVersion = '12.21.0'
const pnpm = join(root, '.tools/node_modules/.bin/pnpm')
const node = join(root, 'node_modules/.bin/node')

/** The tests go on without real hosts, and say so; the demo, the score and the crashes are nothing without them. */
const tasks = {
  test: 'wanted',
  demo: 'needed',
  score: 'needed',
  crash: 'needed',
  bench: 'needed',
  parsers: 'needed',
  simulate: 'unused',
  kills: 'unused',
  scale: 'unused',
}
const exit = { internal: 1, refused: 3, usage: 64 }

/** Debian packages by a file that tells whether they are there. What runs inside the hosts is not among them. */
const hostPackages = {
  'systemd-container': '/usr/bin/systemd-nspawn',
  debootstrap: '/usr/sbin/debootstrap',
  'debian-archive-keyring': '/usr/share/keyrings/debian-archive-keyring.gpg',
  iproute2: '/usr/bin/ip',
  'openssh-client': '/usr/bin/ssh-keygen',
}

/** The server of the release, whichever that is: half of the store's tests run over it. */
const databasePackages = { postgresql: '/usr/lib/postgresql' }
/** What tests are held against besides; without one its tests are left out. */
const testPackages = { zsh: '/usr/bin/zsh' }

const [name, ...rest] = process.argv.slice(2)
const hosts = Object.hasOwn(tasks, name ?? '')
  ? tasks[name]
  : fail(exit.usage, 'usage: node scripts/bootstrap.mjs test|demo|score|crash|bench|parsers|simulate|kills|scale')
if (Number(process.versions.node.split('.')[0]) < 20)
  fail(exit.usage, `Node 20 or newer is needed; this is ${process.version}.`)
if (!existsSync(join(root, 'scripts', `${name}.ts`)))
  fail(exit.usage, `There is no scripts/${name}.ts in this version.`)

installPnpm()
installDependencies()
const lacking = hosts === 'unused' ? undefined : installPackages(hostPackages)
if (lacking) {
  say(`Real hosts cannot be booted here. ${lacking}`)
  if (hosts === 'needed') process.exit(exit.refused)
  say('The tests go on without their live stories.')
}
const noDatabase = name === 'test' ? installPackages(databasePackages) : undefined
if (noDatabase) say(`Nothing can be tested over PostgreSQL here. ${noDatabase}\nThe tests go on without that.`)
const noProgram = name === 'test' ? installPackages(testPackages) : undefined
if (noProgram) say(`Not everything can be tested here. ${noProgram}`)
const done = spawnSync(node, [join(root, 'scripts', `${name}.ts`), ...rest], { cwd: root, stdio: 'inherit' })
process.exit(done.status ?? 130)

function installPnpm() {
  if (installedPnpm() === pnpmVersion) return
  say(`installing pnpm ${pnpmVersion} into .tools`)
  // No install scripts: pnpm's only swaps its launcher for the native binary, which the launcher finds by itself.
  const args = [
    'install',
    '--prefix',
    join(root, '.tools'),
    '--no-save',
    '--no-package-lock',
    '--ignore-scripts',
    '--no-fund',
    '--no-audit',
  ]
  run('npm', [...args, '--loglevel=error', `pnpm@${pnpmVersion}`])
}

function installedPnpm() {
  const manifest = join(root, '.tools/node_modules/pnpm/package.json')
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined
}

function installDependencies() {
  say('installing dependencies, Node 26 among them')
  // With CI set pnpm asks nothing, even when it has to rebuild node_modules.
  run(pnpm, ['install', '--frozen-lockfile', '--reporter=append-only'], { CI: 'true' })
  if (existsSync(node)) return
  fail(
    exit.internal,
    `No Node 26 was installed for ${process.platform} ${process.arch}; there are packages for Linux on x64 and arm64.`,
  )
}

/** Why they cannot be had and what would help; undefined when everything is there. */
function installPackages(packages) {
  const missing = Object.keys(packages).filter((each) => !existsSync(packages[each]))
  if (missing.length === 0) return undefined
  const needed = `Needed: ${missing.join(', ')}`
  if (!existsSync('/usr/bin/apt-get')) return `${needed}, and this is not a Debian system.`
  if (process.getuid?.() !== 0)
    return `${needed}, and installing them needs root:\n\n    sudo apt-get install ${missing.join(' ')}\n`
  say(`installing ${missing.join(', ')} with apt`)
  const failure = apt('update') ?? apt('install', '-y', '--no-install-recommends', ...missing)
  return failure === undefined ? undefined : `${needed}, and apt could not install that:\n${failure}`
}

/** What apt said when it failed. */
function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const done = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return done.status === 0 ? undefined : `${done.stdout}${done.stderr}${done.error ?? ''}`
}

/** Shows what the program says only when it fails. */
function run(program, args, env = {}) {
  const done = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  })
  if (done.status === 0) return
  fail(
    exit.internal,
    `${program} ${args.join(' ')} failed:\n${done.stdout ?? ''}${done.stderr ?? ''}${done.error ?? ''}`,
  )
}

function say(text) {
  process.stderr.write(`fleetmend: ${text}\n`)
}

function fail(code, text) {
  say(text)
  process.exit(code)
}
