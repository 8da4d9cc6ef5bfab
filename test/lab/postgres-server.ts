/**
 * A real PostgreSQL for the instant tests: started when the first of them asks for it, in memory, on a unix socket alone,
 * and gone with the process that runs the tests, however that ends.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plainEnvironment } from './tool.ts'

/** What a test asks for is answered with one line: the folder of the socket, `none:` and what is needed, `broken:` and what failed. */
export const askedAt = 'FLEETMEND_TEST_POSTGRES'

/** Who may do everything there, without a password. */
const owner = 'postgres'

export function setup(): void {
  const folder = mkdtempSync(join(tmpdir(), 'flm-pg-'))
  let answer: Promise<string> | null = null
  const server = createServer((socket) => {
    socket.on('error', () => {})
    answer ??= start(folder)
    void answer.then((says) => socket.end(`${says}\n`))
  })
  server.listen(join(folder, 'asked')).unref()
  process.env[askedAt] = join(folder, 'asked')
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
}

async function start(folder: string): Promise<string> {
  const programs = newestServer()
  if (programs === null) return 'none: there is no PostgreSQL server on this machine (apt-get install postgresql)'
  const isRoot = process.getuid?.() === 0
  const account = isRoot ? accountOf(owner) : null
  if (isRoot && account === null) return `none: there is no user ${owner}, and the server does not run as root`
  // It runs as somebody else, who must get here.
  chmodSync(folder, 0o755)
  const sockets = mkdtempSync(join(folder, 's-'))
  const data = join(sockets, 'data')
  if (account) chownSync(sockets, account.uid, account.gid)
  chmodSync(sockets, 0o755)
  const as = account === null ? [] : ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
  const run = (...words: string[]) => {
    const [program = '', ...args] = [...as, ...words]
    return spawnSync(program, args, { encoding: 'utf8', env: plainEnvironment, cwd: sockets })
  }
  const made = run(
    join(programs, 'initdb'),
    ...['-D', data, '--username', owner, '--auth', 'trust', '--encoding', 'UTF8', '--no-sync'],
    // A language in which texts are not in the order of their bytes, as on most servers.
    ...['--locale', 'C.UTF-8', '--locale-provider', 'icu', '--icu-locale', 'en-US'],
  )
  if (made.status !== 0) return `broken: initdb failed: ${oneLine(made.stderr)}`
  // Who is called guarded needs a password, so that a test can have a wrong one.
  writeFileSync(
    join(data, 'pg_hba.conf'),
    'local all guarded scram-sha-256\nlocal all stranger reject\nlocal all all trust\n',
  )
  const settings = ['listen_addresses=', 'fsync=off', 'full_page_writes=off', 'synchronous_commit=off']
  const small = [
    'shared_buffers=32MB',
    'max_connections=60',
    'autovacuum=off',
    'max_wal_size=64MB',
    `unix_socket_directories=${sockets}`,
  ]
  const [program = '', ...args] = [
    ...['setpriv', '--pdeathsig', 'QUIT', ...as.slice(1), join(programs, 'postgres'), '-D', data],
    ...[...settings, ...small].flatMap((each) => ['-c', each]),
  ]
  const server = spawn(program, args, { env: plainEnvironment, cwd: sockets, stdio: ['ignore', 'ignore', 'pipe'] })
  // Whoever waits for nothing but this is done.
  server.unref()
  const stderr = server.stderr as Socket
  stderr.unref()
  process.once('exit', () => server.kill('SIGQUIT'))
  return await new Promise((resolve) => {
    let said = ''
    stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000)
      if (said.includes('ready to accept connections')) resolve(sockets)
    })
    server.once('exit', () => resolve(`broken: the server ended: ${oneLine(said)}`))
    server.once('error', (error) => resolve(`broken: ${error.message}`))
  })
}

/** Debian keeps them out of the way of `PATH`, a folder for each version. */
function newestServer(): string | null {
  const found = globSync('/usr/lib/postgresql/*/bin/initdb').toSorted((a, b) => versionIn(a) - versionIn(b))
  return found.at(-1)?.replace(/\/initdb$/, '') ?? null
}

function versionIn(path: string): number {
  return Number(path.split('/').at(-3))
}

function accountOf(name: string): { readonly uid: number; readonly gid: number } | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) }
}

function oneLine(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' | ')
    .slice(-1000)
}
