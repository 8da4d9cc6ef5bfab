/** For tests of looking: a healthy Debian 12 host with nginx and one PHP-FPM, as a fake is given it. */
import type { FastCgiReply, ProcessFacts } from '../host/host.ts'
import type { FakeWorld } from './fake-read-host.ts'
import { sampleMain, sampleMainText, samplePoolFile, samplePoolText } from './sample-facts.ts'

export const sampleSocket = '/run/php/php8.2-fpm.sock'
export const sampleLog = '/var/log/php8.2-fpm.log'
export const sampleErrorLog = '/var/log/nginx/error.log'

/** A block of `systemctl show`. */
export function unitText(service: string, properties: Readonly<Record<string, string | number>> = {}): string {
  const all = { Id: `${service}.service`, LoadState: 'loaded', ActiveState: 'active', ...properties }
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')
}

export function execStart(binary: string, ...args: readonly string[]): string {
  return `{ path=${binary} ; argv[]=${[binary, ...args].join(' ')} ; ignore_errors=no ; start_time=[n/a] ; pid=0 }`
}

export function sampleProcess(pid: number, parentPid: number, title: string, uid = 0): ProcessFacts {
  return { pid, parentPid, state: 'S', startTicks: pid * 10, cpuTicks: 1, comm: 'any', title, uid }
}

export const fpmMaster = sampleProcess(100, 1, `php-fpm: master process (${sampleMain})`)
export const fpmWorker = sampleProcess(201, 100, 'php-fpm: pool www', 33)
export const nginxMaster = sampleProcess(
  50,
  1,
  'nginx: master process /usr/sbin/nginx -g daemon on; master_process on;',
)
export const nginxWorker = sampleProcess(51, 50, 'nginx: worker process', 33)

/** A line of `ss -H -x -l -n -p`. */
export function unixListener(path: string, waiting = 0, limit = 4096, pid = fpmMaster.pid): string {
  return `u_str LISTEN ${waiting} ${limit} ${path} 59100 * 0 users:(("php-fpm8.2",pid=${pid},fd=8))\n`
}

/** A line of `ss -H -t -l -n -p`. */
export function tcpListener(address: string, waiting = 0, limit = 4096, pid = fpmMaster.pid): string {
  return `LISTEN ${waiting} ${limit} ${address} 0.0.0.0:* users:(("php-fpm8.2",pid=${pid},fd=9))\n`
}

export function answered(body: string, status = 200): FastCgiReply {
  return { kind: 'answered', status, headers: {}, body, stderr: '', connectMs: 0, firstByteMs: 1, tookMs: 1.4 }
}

export const workerMemory = {
  smaps_rollup: 'Rss: 30720 kB\nPss: 8192 kB\nPrivate_Clean: 1024 kB\nPrivate_Dirty: 2048 kB\n',
  status: 'VmHWM:\t   40960 kB\nVmRSS:\t   30720 kB\nRssFile:\t    6144 kB\nRssShmem:\t   20480 kB\n',
}

export function serverText(name: string, upstream = `unix:${sampleSocket}`): string {
  return `server { listen 80; server_name ${name}; location ~ \\.php$ { fastcgi_pass ${upstream}; } }\n`
}

export const sampleUnitText = {
  MainPID: fpmMaster.pid,
  ExecStart: execStart('/usr/sbin/php-fpm8.2', '--nodaemonize', '--fpm-config', sampleMain),
  ExecMainStartTimestamp: '@1795220000',
}

export const sampleWebHost = {
  tree: {
    [sampleMain]: sampleMainText,
    [samplePoolFile]: samplePoolText,
    [sampleLog]: '[21-Nov-2026 01:00:00] NOTICE: ready to handle connections\n',
    [sampleSocket]: { is: 'socket' },
    [sampleErrorLog]: '',
    '/etc/nginx/nginx.conf': `error_log ${sampleErrorLog};\nevents { }\nhttp { include sites-enabled/*; }\n`,
    '/etc/nginx/sites-available/shop': serverText('shop.example'),
    '/etc/nginx/sites-enabled/shop': { link: '/etc/nginx/sites-available/shop' },
    '/proc/meminfo': 'MemTotal:        8192000 kB\nMemAvailable:    5120000 kB\n',
    '/proc/50/root': { link: '/' },
    '/proc/100/root': { link: '/' },
    '/proc/100/exe': { link: '/usr/sbin/php-fpm8.2' },
    '/proc/100/fd/2': { link: sampleLog },
    '/proc/100/cgroup': '0::/system.slice/php8.2-fpm.service\n',
    '/proc/100/smaps_rollup': workerMemory.smaps_rollup,
    '/proc/100/status': workerMemory.status,
    '/proc/201/smaps_rollup': workerMemory.smaps_rollup,
    '/proc/201/status': workerMemory.status,
    '/var/run': { link: '/run' },
    '/usr/lib/systemd/system/php8.2-fpm.service': '',
  },
  processes: [fpmMaster, fpmWorker, nginxMaster, nginxWorker],
  answers: {
    'unit-properties php8.2-fpm': unitText('php8.2-fpm', sampleUnitText),
    'unit-properties nginx': unitText('nginx', { MainPID: nginxMaster.pid }),
    'unit-journal php8.2-fpm': '',
    'unit-journal nginx': '',
    'nginx-config-test': '',
    'admin-journal': '',
    'kernel-journal': '',
    'disk-space': 'Filesystem of everything\n',
    listeners: unixListener(sampleSocket),
    'fpm-config-test': '',
  },
  http: { '127.0.0.1:80': { kind: 'answered', status: 200, tookMs: 2.4 } },
  fastcgi: { [`unix:${sampleSocket}`]: answered('File not found.\n', 404) },
} as const satisfies FakeWorld
