/** A booted host with the names of its release, and the few deeds that many faults are made of. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LiveHost } from '../../lab/live-host.ts'
import type { Release } from '../../lab/tree-recipes.ts'
import { until } from '../../lab/until.ts'

/** What the release of a host calls things. */
export interface Names {
  readonly release: Release
  /** `8.2` */
  readonly php: string
  /** `php8.2-fpm`: the unit, and the name of the binary's log. */
  readonly unit: string
  /** The shop's pool file. */
  readonly pool: string
  /** FPM's main file. */
  readonly main: string
  /** `/run/php/php8.2-fpm.sock` */
  readonly socket: string
}

export interface Host extends LiveHost, Names {}

/** What most faults need of a host, and a virtual machine has as well. */
export type AnyHost = Names & Pick<LiveHost, 'run' | 'must' | 'readFile' | 'writeFile' | 'status'>

export const site = '/etc/nginx/sites-available/default'

const phpOf: Readonly<Record<Release, string>> = { debian11: '7.4', debian12: '8.2', debian13: '8.4' }

export function hostOf(live: LiveHost, release: Release): Host {
  return Object.defineProperties({ ...live, ...namesOf(release) }, { leaderPid: { get: () => live.leaderPid } })
}

export function namesOf(release: Release): Names {
  const php = phpOf[release]
  return {
    release,
    php,
    unit: `php${php}-fpm`,
    pool: `/etc/php/${php}/fpm/pool.d/www.conf`,
    main: `/etc/php/${php}/fpm/php-fpm.conf`,
    socket: `/run/php/php${php}-fpm.sock`,
  }
}

/** Replaces or adds a directive of an FPM file, as a person edits it: a commented one is uncommented. */
export async function setFpm(host: AnyHost, path: string, name: string, value: string): Promise<void> {
  const text = await host.readFile(path)
  const line = new RegExp(`^;?${RegExp.escape(name)} = .*$`, 'm')
  const set = `${name} = ${value}`
  await host.writeFile(path, line.test(text) ? text.replace(line, () => set) : `${text}${set}\n`)
}

/** Replaces text in a file; it must be there. */
export async function edit(host: AnyHost, path: string, from: string | RegExp, to: string): Promise<void> {
  const text = await host.readFile(path)
  const edited = text.replace(from, () => to)
  if (edited === text) throw new Error(`${path} has no ${String(from)}`)
  await host.writeFile(path, edited)
}

export async function restartFpm(host: AnyHost): Promise<void> {
  await host.must(['systemctl', 'restart', host.unit])
}

export async function reloadNginx(host: AnyHost): Promise<void> {
  await host.must(['nginx', '-t'])
  await host.must(['systemctl', 'reload', 'nginx'])
  // The old workers go on answering for a moment.
  await sleep(300)
}

/** SIGKILL of the master, as the kernel does it when memory is out. */
export async function killMaster(host: Host): Promise<void> {
  await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', host.unit])
}

/** What a person does who came in as herself and is root by sudo. */
export async function asAlice(host: Host, argv: readonly string[]): Promise<void> {
  await host.must(['useradd', '--create-home', 'alice'])
  await host.must(['dd', 'of=/etc/sudoers.d/alice', 'status=none'], { input: 'alice ALL=(ALL) NOPASSWD: ALL\n' })
  await host.must(['runuser', '--user', 'alice', '--', 'sudo', ...argv])
}

/** A page of PHP answers with this status. */
export async function answers(host: AnyHost, status: number, path = '/ok.php'): Promise<boolean> {
  return (await host.status(path)) === status
}

/** Customers, until it is disposed of; `settleMs` lets them take effect. */
export async function customers(
  host: Host,
  load: { readonly path: string; readonly perSecond: number },
  settleMs: number,
): Promise<AsyncDisposable> {
  const running = host.load({ ...load, forMs: 120_000 })
  await sleep(settleMs)
  return { [Symbol.asyncDispose]: async () => void (await running.stop()) }
}

/** Requests that are sent once, each in its turn, whatever becomes of them. */
export async function ask(host: Host, path: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await host.curl(path)
}

export async function untilServing(host: AnyHost): Promise<void> {
  await until(() => answers(host, 200), 'the host to serve')
}
