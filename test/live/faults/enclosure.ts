/**
 * A root and a process space of their own on a test host, where no systemd runs: the layout of the official images, with FPM
 * or nginx as PID 1, or a plain host whose services were started by an init script. nginx of the host stands before it.
 */
import { until } from '../../lab/until.ts'
import type { AnyHost } from './host-kit.ts'

export interface Enclosure {
  /** Runs a program inside, as `docker exec` does. */
  must(argv: readonly string[]): Promise<string>
  writeFile(path: string, text: string): Promise<void>
  readFile(path: string): Promise<string>
}

const folder = '/srv/enclosure'
const tree = `${folder}/tree`

/** Words before a command that is to run inside. */
export function inside(host: AnyHost): readonly string[] {
  return ['sh', '-c', `exec nsenter --target $(cat ${folder}/pid) --mount --pid --uts --ipc -- "$@"`, host.unit]
}

/** All the host has, in a tree of its own; `prepare` makes of it what it is to be, and `init` is its PID 1. */
export async function enclose(
  host: AnyHost,
  prepare: (at: (path: string) => string) => Promise<void>,
  init: readonly string[],
): Promise<Enclosure> {
  await host.must(['systemctl', 'disable', '--now', '--quiet', host.unit])
  await host.must(['mkdir', '-p', folder])
  await host.must(['mount', '-t', 'tmpfs', '-o', 'size=256m,mode=0755', 'enclosure', folder])
  for (const name of ['upper', 'work', 'tree']) await host.must(['mkdir', `${folder}/${name}`])
  const layers = `lowerdir=/,upperdir=${folder}/upper,workdir=${folder}/work`
  await host.must(['mount', '-t', 'overlay', '-o', layers, 'overlay', tree])
  await host.must(['mount', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', `${tree}/run`])
  await host.must(['mkdir', `${tree}/run/php`, `${tree}/run/lock`])
  await host.must(['mount', '--rbind', '/dev', `${tree}/dev`])
  await host.must(['mount', '--rbind', '/sys', `${tree}/sys`])
  await host.must(['mount', '--rbind', '/usr/lib/fleetmend', `${tree}/usr/lib/fleetmend`])
  // Of its own, because the kernel stacks no more than two overlays, and the agent looks through one.
  await host.must(['mount', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', `${tree}/var/lib/nginx`])
  await host.must(['cp', '--archive', '/var/lib/nginx/.', `${tree}/var/lib/nginx`])
  await prepare((path) => `${tree}${path}`)
  const unshare = ['unshare', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--']
  await host.must([
    ...['systemd-run', '--quiet', '--unit=enclosure', '--', 'sh', '-c', start, 'enclosure'],
    ...[...unshare, 'sh', '-c', takeRoot, 'enclosure', ...init],
  ])
  await until(async () => (await host.run(['sh', '-c', findInit])).exitCode === 0, 'PID 1 of the enclosure')
  const must = (argv: readonly string[]) => host.must([...inside(host), ...argv])
  return {
    must,
    writeFile: (path, text) => host.writeFile(`${tree}${path}`, text),
    readFile: (path) => host.readFile(`${tree}${path}`),
  }
}

/** As a container's engine does: it holds the other end of a pipe, and the old root is gone. */
const start = `"$@" 2>&1 | cat > ${folder}/output`
const takeRoot =
  `cd ${tree} && pivot_root . mnt && exec chroot . sh -c ` +
  `'mount -t proc proc /proc && umount --lazy /mnt && exec "$@"' "$0" "$@"`

/** The child of `unshare`. */
const findInit = `pgrep --parent $(pgrep --exact unshare) > ${folder}/pid`

/** Tools that the official images do not have. */
const notInImages = ['systemctl', 'systemd-run', 'journalctl', 'ss', 'getfacl']

/** `php:8-fpm`: the program below /usr/local, its three pool files, and no nginx unless it is wanted. */
export async function asOfficialImage(
  host: AnyHost,
  at: (path: string) => string,
  { hasNginx }: { readonly hasNginx: boolean },
): Promise<void> {
  const pools = '/usr/local/etc/php-fpm.d'
  await host.must(['mkdir', '-p', at(pools)])
  await host.must(['mv', at(`/usr/sbin/php-fpm${host.php}`), at('/usr/local/sbin/php-fpm')])
  await host.must(['rm', '-r', at(`/etc/php/${host.php}/fpm/pool.d`), at(host.main)])
  for (const tool of notInImages) await host.must(['rm', '-f', at(`/usr/bin/${tool}`), at(`/bin/${tool}`)])
  if (!hasNginx) await host.must(['rm', '-r', at('/etc/nginx'), at('/usr/sbin/nginx')])
  await host.writeFile(at('/usr/local/etc/php-fpm.conf'), `[global]\ninclude=${pools}/*.conf\n`)
  await host.writeFile(at(`${pools}/docker.conf`), dockerConf)
  await host.writeFile(at(`${pools}/www.conf`), wwwConf)
  await host.writeFile(at(`${pools}/zz-docker.conf`), '[global]\ndaemonize = no\n\n[www]\nlisten = 9000\n')
}

const dockerConf = `[global]
error_log = /proc/self/fd/2

; https://github.com/docker-library/php/pull/725#issuecomment-443540114
log_limit = 8192

[www]
; php-fpm closes STDOUT on startup, so sending logs to /proc/self/fd/1 does not work.
; https://bugs.php.net/bug.php?id=73886
access.log = /proc/self/fd/2

clear_env = no

; Ensure worker stdout and stderr are sent to the main error log.
catch_workers_output = yes
decorate_workers_output = no
`

const wwwConf = `[www]
user = www-data
group = www-data
listen = 127.0.0.1:9000
pm = dynamic
pm.max_children = 5
pm.start_servers = 2
pm.min_spare_servers = 1
pm.max_spare_servers = 3
`
