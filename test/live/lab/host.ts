/** A real host: systemd, nginx and php-fpm in a container of its own, on an overlay that is thrown away. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { debian12Tree } from './base-tree.ts'
import { inOwnCgroups, removeCgroups } from './cgroups.ts'
import { must } from './must.ts'

const repository = fileURLToPath(new URL('../../../', import.meta.url))
const bridge = 'flmbr0'
const subnet = '10.213.0'

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface LabHost extends AsyncDisposable {
  readonly name: string
  readonly address: string
  /** Runs a program inside, as root, without a shell. */
  run(argv: readonly string[], options?: { readonly limitMs?: number }): Promise<Ran>
  /** `run`, and throws when it fails. */
  must(argv: readonly string[], options?: { readonly limitMs?: number }): Promise<string>
  /** GET from outside, through nginx: the status, or 0 when there was no answer. */
  status(path: string): Promise<number>
  read(path: string): string
  write(path: string, text: string): void
  agent(...args: readonly string[]): Promise<Ran>
}

/** Why hosts cannot be booted here; undefined when they can. */
export function cannotBoot(): string | undefined {
  if (process.getuid?.() !== 0) return 'booting test hosts needs root'
  const missing = ['systemd-nspawn', 'debootstrap', 'nsenter', 'ip'].filter((tool) => spawnSync('which', [tool]).status !== 0)
  if (missing.length > 0) return `missing: ${missing.join(', ')} (apt-get install systemd-container debootstrap util-linux iproute2)`
  return readFileSync('/proc/filesystems', 'utf8').includes('overlay') ? undefined : 'this kernel has no overlayfs'
}

let nextAddress = 10

export async function bootHost(name: string): Promise<LabHost> {
  const tree = debian12Tree()
  const scratch = mkdtempSync(join(tmpdir(), `fleetmend-host-${name}-`))
  const root = join(scratch, 'root')
  for (const folder of ['upper', 'work', 'root']) mkdirSync(join(scratch, folder))
  must('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${tree},upperdir=${join(scratch, 'upper')},workdir=${join(scratch, 'work')}`, root])
  ensureBridge()
  const address = `${subnet}.${nextAddress++}`
  writeFileSync(join(root, 'etc/hostname'), `${name}\n`)
  installAgent(root)
  const machine = `flm-${process.pid}-${name}`
  const container = inOwnCgroups(machine, () => spawn(
    'systemd-nspawn',
    ['-D', root, '-M', machine, '--boot', '--register=no', '--keep-unit', `--network-bridge=${bridge}`, '--link-journal=no', '--quiet', '--console=pipe', `--bind-ro=${nodeBinary()}:/usr/lib/fleetmend/node`],
    { stdio: ['ignore', 'ignore', 'ignore'] },
  ))
  try {
    const leader = await leaderOf(container)
    const host = labHost(name, address, root, leader, () => dispose(container, leader, root, scratch, machine))
    must('nsenter', ['-t', String(leader), '-n', '--', 'ip', 'addr', 'add', `${address}/24`, 'dev', 'host0'])
    must('nsenter', ['-t', String(leader), '-n', '--', 'ip', 'link', 'set', 'host0', 'up'])
    await until(async () => /^(running|degraded)/.test((await host.run(['systemctl', 'is-system-running'])).stdout), `${name} to have booted`)
    await until(async () => (await host.status('/ok.php')) === 200, `${name} to serve`)
    return host
  } catch (error) {
    await dispose(container, 0, root, scratch, machine)
    throw error
  }
}

/** The workspace's Node 26; the link in `.bin` ends at the platform package. */
function nodeBinary(): string {
  return process.execPath
}

/** The bundle with its shebang, and a link on the PATH, as a package would install them. */
function installAgent(root: string): void {
  mkdirSync(join(root, 'usr/lib/fleetmend'), { recursive: true })
  writeFileSync(join(root, 'usr/lib/fleetmend/node'), '')
  must('cp', [join(repository, 'dist/fleetmend-agent.cjs'), join(root, 'usr/lib/fleetmend/')])
  must('ln', ['-sf', '../lib/fleetmend/fleetmend-agent.cjs', join(root, 'usr/bin/fleetmend-agent')])
}

function ensureBridge(): void {
  if (existsSync(`/sys/class/net/${bridge}`)) return
  must('ip', ['link', 'add', bridge, 'type', 'bridge'])
  must('ip', ['addr', 'add', `${subnet}.1/24`, 'dev', bridge])
  must('ip', ['link', 'set', bridge, 'up'])
}

/** The container's PID 1: the only child of systemd-nspawn. */
async function leaderOf(container: ChildProcess): Promise<number> {
  let leader = 0
  await until(async () => {
    if (container.exitCode !== null) throw new Error(`systemd-nspawn ended with ${container.exitCode}`)
    const children = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
    leader = Number(children[0] ?? 0)
    return leader > 0 && readFileSync(`/proc/${leader}/comm`, 'utf8').trim() === 'systemd'
  }, 'the container to start')
  return leader
}

export async function until(holds: () => Promise<boolean> | boolean, what: string, limitMs = 30_000): Promise<void> {
  for (const endMs = Date.now() + limitMs; Date.now() < endMs; await sleep(50)) {
    if (await holds()) return
  }
  throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`)
}

function labHost(name: string, address: string, root: string, leader: number, end: () => Promise<void>): LabHost {
  const run: LabHost['run'] = (argv, { limitMs = 60_000 } = {}) => runInside(leader, argv, limitMs)
  return {
    name,
    address,
    run,
    must: async (argv, options) => {
      const done = await run(argv, options)
      if (done.exitCode !== 0) throw new Error(`${name}: ${argv.join(' ')}: exit ${done.exitCode}\n${done.stdout}${done.stderr}`)
      return done.stdout
    },
    status: async (path) => {
      try {
        const answer = await fetch(`http://${address}${path}`, { signal: AbortSignal.timeout(10_000) })
        await answer.arrayBuffer()
        return answer.status
      } catch {
        return 0
      }
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    write: (path, text) => writeFileSync(join(root, path), text),
    agent: (...args) => run(['/usr/bin/fleetmend-agent', ...args], { limitMs: 180_000 }),
    [Symbol.asyncDispose]: end,
  }
}

function runInside(leader: number, argv: readonly string[], limitMs: number): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', ['-t', String(leader), '-a', '--', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/root' },
      timeout: limitMs,
    })
    const said = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === null) reject(new Error(`${basename(argv[0] ?? '')} was ended by ${signal} after ${limitMs / 1000} s\n${said.stdout}${said.stderr}`))
      else resolve({ exitCode: code, ...said })
    })
  })
}

async function dispose(container: ChildProcess, leader: number, root: string, scratch: string, machine: string): Promise<void> {
  if (container.exitCode === null && container.signalCode === null) {
    const ended = new Promise((resolve) => container.once('exit', resolve))
    // Every process inside goes with PID 1 of its namespace; systemd-nspawn itself does not take it along when killed.
    if (leader > 0) process.kill(leader, 'SIGKILL')
    else container.kill('SIGTERM')
    await ended
  }
  await until(() => spawnSync('umount', ['--recursive', root]).status === 0 || spawnSync('mountpoint', ['-q', root]).status !== 0, 'the overlay to be free')
  rmSync(scratch, { recursive: true, force: true })
  removeCgroups(machine)
}
