/** For tests: all that there is on a simulated host, whichever process of the agent looks: files, systemd, PHP-FPM, nginx. */
import type { ProcessFacts, ProcessIdentity } from '../host/host.ts'
import { bootFpm, dieFpm, simulatedFpm, wakeFpm, type SimulatedFpm } from './simulated-fpm.ts'
import { simulatedNginx, type SimulatedNginx } from './simulated-nginx.ts'

export interface SimulatedFile {
  readonly bytes: Uint8Array
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly modifiedMs: number
}

export interface World {
  readonly files: Map<string, SimulatedFile>
  readonly directories: Set<string>
  /** Of directories that are not 0755. */
  readonly directoryModes: Map<string, number>
  /** UnitFileState of PHP-FPM's unit. */
  unitFileState: string
  readonly fpm: SimulatedFpm
  /** Null: none is here. */
  nginx: SimulatedNginx | null
  /** Drop-ins as systemd has read them. */
  loadedDropIns: string
  /** Processes other than FPM's: the agent itself. */
  readonly agents: Map<number, ProcessFacts>
  /** Whether a second process wakes a frozen master when the agent dies. */
  guard: { readonly pid: number } | null
  unitComplaints: string
}

export const dropInPath = '/etc/systemd/system/php8.2-fpm.service.d/50-fleetmend.conf'
export const poolBefore =
  '[www]\nuser = www-data\nlisten = /run/php/php8.2-fpm.sock\npm = static\npm.max_children = 2\n'
export const poolAfter = poolBefore.replace('= 2', '= 4')

export function simulatedWorld(nowMs: number, { isUp = true, pool = poolBefore } = {}): World {
  const files = new Map<string, SimulatedFile>()
  const put = (path: string, text: string, mode = 0o644, gid = 0) =>
    files.set(path, { bytes: Buffer.from(text), mode, uid: 0, gid, modifiedMs: nowMs - 1000 })
  put(
    '/etc/php/8.2/fpm/php-fpm.conf',
    '[global]\nerror_log = /var/log/php8.2-fpm.log\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n',
  )
  put('/usr/lib/systemd/system/php8.2-fpm.service', '[Service]\n')
  put('/etc/php/8.2/fpm/pool.d/www.conf', pool, 0o640, 33)
  put('/etc/passwd', 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\n')
  put('/etc/group', 'root:x:0:\nwww-data:x:33:\n')
  put('/proc/meminfo', 'MemTotal: 8192000 kB\nMemAvailable: 4096000 kB\n')
  put('/var/log/nginx/access.log', '')
  const directories = new Set([
    '/',
    '/etc',
    '/etc/php',
    '/etc/php/8.2',
    '/etc/php/8.2/fpm',
    '/etc/php/8.2/fpm/pool.d',
    '/etc/systemd',
    '/etc/systemd/system',
    '/run',
    '/run/php',
    '/run/systemd',
    '/run/systemd/system',
    '/var',
    '/var/log',
    '/var/log/nginx',
  ])
  const readPool = () => Buffer.from(files.get('/etc/php/8.2/fpm/pool.d/www.conf')?.bytes ?? []).toString()
  return {
    files,
    directories,
    directoryModes: new Map(),
    unitFileState: 'enabled',
    fpm: simulatedFpm(readPool, nowMs, isUp),
    nginx: null,
    loadedDropIns: '',
    agents: new Map(),
    guard: null,
    unitComplaints: '',
  }
}

/** An nginx that keeps connections to every worker that there is. */
export function keepConnections(world: World): void {
  const put = (path: string, text: string) =>
    world.files.set(path, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: 0 })
  put('/etc/nginx/nginx.conf', 'events {}\n')
  put('/proc/uptime', '1000.00 1900.00\n')
  world.nginx = simulatedNginx(world.fpm)
}

/** Everything that ran is gone, and what is on disk is what is loaded now. */
export function failPower(world: World): void {
  world.agents.clear()
  world.guard = null
  world.loadedDropIns = Buffer.from(world.files.get(dropInPath)?.bytes ?? []).toString()
  world.fpm.nowMs += bootMs
  if (world.unitFileState === 'enabled') bootFpm(world.fpm)
  else dieFpm(world.fpm, 'success')
}

const bootMs = 10_000

/** What the second process does when the first is gone. */
export function releaseGuard(world: World): void {
  if (world.guard) wakeFpm(world.fpm, world.guard.pid)
  world.guard = null
}

/** An agent that runs. */
export function addAgent(world: World, self: ProcessIdentity): void {
  const facts = { parentPid: 1, state: 'S', cpuTicks: 0, comm: 'node', title: 'fleetmend-agent', uid: 0 }
  world.agents.set(self.pid, { ...self, ...facts })
}
