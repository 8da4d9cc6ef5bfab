/**
 * A whole web host in memory: nginx in front of the simulated PHP-FPM, seen through the same door as a real one, so that
 * everything from `look` to `apply` runs on it. Only what a plan reads or does is there.
 */
import type { Host, ProcessFacts, Question, Read, ToolOutput } from '../../packages/agent/src/host/host.ts'
import { dieFpm } from '../../packages/agent/src/execute/simulated-fpm.ts'
import { hostOf } from '../../packages/agent/src/execute/simulated-host.ts'
import { dropInPath, simulatedWorld, type World } from '../../packages/agent/src/execute/simulated-world.ts'

export interface WebHost {
  readonly id: string
  readonly world: World
  /** The door, as a process of the agent has it. */
  readonly host: Host
  /** As a customer would see it. */
  status(): number
  /** SIGKILL of the master. */
  killFpm(): void
  /** Requests that wait for a worker, as the kernel counts them. */
  waiting: number
}

const socket = '/run/php/php8.2-fpm.sock'
const site = `server {
  listen 80;
  server_name shop.example;
  root /var/www/html;
  location ~ \\.php$ { fastcgi_pass unix:${socket}; }
}
`
const nginx: readonly ProcessFacts[] = [
  nginxProcess(500, 1, 'nginx: master process /usr/sbin/nginx', 0),
  nginxProcess(501, 500, 'nginx: worker process', 33),
]

export function webHost(id: string): WebHost {
  const world = simulatedWorld(Date.now())
  put(world, '/etc/nginx/nginx.conf', `error_log /var/log/nginx/error.log;\nevents {}\nhttp {\n${site}}\n`)
  put(world, '/var/log/nginx/error.log', '')
  put(world, '/etc/os-release', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
  const inner = hostOf(world)
  const status = () => (world.fpm.isUp ? 200 : 502)
  const door: WebHost = {
    id,
    world,
    waiting: 0,
    status,
    killFpm: () => {
      dieFpm(world.fpm, 'signal')
    },
    host: {
      ...inner,
      id,
      // Its own clock moves only when it is told to; approvals and plans are about the real one.
      nowMs: () => (world.fpm.nowMs = Math.max(world.fpm.nowMs, Date.now())),
      readFile: async (path) => withMemory(world, path) ?? inner.readFile(path),
      processes: async () => joined(await inner.processes()),
      process: async (pid) => {
        const known = nginx.find((each) => each.pid === pid)
        return known ? { ok: true, value: known } : inner.process(pid)
      },
      ask: async (question) => {
        const asked = answer(door, question)
        return asked === null ? inner.ask(question) : { ok: true, value: asked }
      },
      http: async () => ({ kind: 'answered', status: status(), tookMs: 1 }),
      fastcgi: async () =>
        world.fpm.isUp
          ? {
              kind: 'answered',
              status: 404,
              headers: {},
              body: 'File not found.\n',
              stderr: 'Primary script unknown',
              connectMs: 0,
              firstByteMs: 1,
              tookMs: 1,
            }
          : { kind: 'cannot-connect', errno: 'ECONNREFUSED', says: 'connection refused', tookMs: 0 },
    },
  }
  return door
}

function put(world: World, path: string, text: string): void {
  world.files.set(path, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, modifiedMs: world.fpm.nowMs - 60_000 })
}

/** Every process of FPM takes 40 MiB, 30 of them its own. */
function withMemory(world: World, path: string): Read<Uint8Array> | null {
  if (/^\/proc\/\d+\/smaps_rollup$/.test(path)) return text('Rss: 40960 kB\nPss: 32768 kB\nPrivate_Dirty: 30720 kB\n')
  if (/^\/proc\/\d+\/status$/.test(path)) return text('VmHWM: 40960 kB\nVmRSS: 40960 kB\n')
  if (path === '/proc/self/stat') return text('')
  return world.files.has(path) || !path.startsWith('/proc/')
    ? null
    : { ok: false, why: 'missing', says: 'no such file' }
}

function answer({ world, waiting }: WebHost, question: Question): ToolOutput | null {
  const { fpm } = world
  const output = (stdout: string): ToolOutput => ({ exitCode: 0, stdout, stderr: '' })
  if (question.tool === 'unit-properties')
    return output(question.services.map((each) => unit(world, each)).join('\n\n'))
  if (question.tool === 'listeners' && fpm.isUp)
    return output(`u_str LISTEN ${waiting} 511 ${socket} 12345 * 0 users:(("php-fpm8.2",pid=${fpm.master.pid},fd=8))\n`)
  return null
}

function unit({ fpm, loadedDropIns, files }: World, service: string): string {
  if (service === 'nginx')
    return 'Id=nginx.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=500'
  const dropIn = loadedDropIns === '' ? [] : [`DropInPaths=${dropInPath}`]
  return [
    'Id=php8.2-fpm.service',
    'LoadState=loaded',
    `ActiveState=${fpm.activeState}`,
    `SubState=${fpm.isUp ? 'running' : fpm.activeState}`,
    'UnitFileState=enabled',
    `Result=${fpm.result}`,
    `MainPID=${fpm.isUp ? fpm.master.pid : 0}`,
    `Restart=${/^Restart=(.*)$/m.exec(loadedDropIns)?.[1] ?? 'no'}`,
    `RestartUSec=${/^RestartSec=(.*)$/m.exec(loadedDropIns)?.[1] ?? '0'}${loadedDropIns === '' ? '' : 's'}`,
    'NRestarts=0',
    'StartLimitBurst=5',
    'StartLimitIntervalUSec=10s',
    'OOMPolicy=stop',
    'ExecStart={ path=/usr/sbin/php-fpm8.2 ; argv[]=/usr/sbin/php-fpm8.2 --nodaemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf ; }',
    'ExecReload={ path=/bin/kill ; argv[]=/bin/kill -USR2 $MAINPID ; }',
    `ExecMainStartTimestamp=@${Math.floor(fpm.nowMs / 1000) - 3600}`,
    ...(fpm.isUp
      ? []
      : [`ExecMainExitTimestamp=@${Math.floor(fpm.nowMs / 1000)}`, 'ExecMainCode=2', 'ExecMainStatus=9']),
    'FragmentPath=/lib/systemd/system/php8.2-fpm.service',
    ...dropIn,
    `NeedDaemonReload=${(files.has(dropInPath) ? 'yes' : 'no') === 'yes' && loadedDropIns === '' ? 'yes' : 'no'}`,
    'WatchdogUSec=0',
    'TimeoutStopUSec=1min 30s',
    'PrivateTmp=no',
  ].join('\n')
}

function joined(processes: Read<readonly ProcessFacts[]>): Read<readonly ProcessFacts[]> {
  return processes.ok ? { ok: true, value: [...nginx, ...processes.value] } : processes
}

function text(value: string): Read<Uint8Array> {
  return { ok: true, value: Buffer.from(value) }
}

function nginxProcess(pid: number, parentPid: number, title: string, uid: number): ProcessFacts {
  return { pid, parentPid, title, uid, state: 'S', startTicks: pid * 10, cpuTicks: 1, comm: 'nginx' }
}
