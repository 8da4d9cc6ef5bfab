/** Reads what the preflight judges: directories as the master sees them, listeners, addresses, names and limits. */
import type { Read, ReadHost } from '../host/host.ts'
import { preflightPaths, type DirectoryFacts, type Names, type PreflightFacts } from '../judgement/fpm-preflight.ts'
import { asksBeyondFiles, readAccountNames } from '../readings/account-names.ts'
import { textOf } from '../readings/bytes.ts'
import type { FpmConfig } from '../readings/fpm-config.ts'
import { readTcpListeners, readUnixListeners } from '../readings/listeners.ts'
import { readIpv4Addresses, readIpv6Addresses } from '../readings/local-addresses.ts'
import { mountOf, readMountInfo, type Mount } from '../readings/mount-info.ts'
import type { FpmService } from '../survey/fpm-services.ts'

export async function preflightFacts(
  host: ReadHost,
  service: FpmService,
  config: FpmConfig,
  prefix: string,
): Promise<PreflightFacts> {
  const { directories, sockets } = preflightPaths(config, prefix)
  const seen = seenBy(service)
  const mounts = await readMounts(host, service)
  const found = await Promise.all(
    directories.map(async (path) => [path, await directoryFacts(host, service, path, mounts)] as const),
  )
  const blocked = await Promise.all(
    sockets.map(async (path) => ((await kindOf(host, seen(path))) === 'directory' ? [path] : [])),
  )
  return {
    directories: new Map(found),
    blockedPaths: new Set(blocked.flat()),
    listeners: await listeners(host, service),
    localAddresses: await localAddresses(host),
    users: await names(host, '/etc/passwd', 'passwd'),
    groups: await names(host, '/etc/group', 'group'),
    mayRunAsRoot: / (-R|--allow-to-run-as-root)( |$)/.test(service.unit?.execStart ?? ''),
    openFilesLimit: Number.parseInt((await textOrEmpty(host, '/proc/sys/fs/nr_open')) || '', 10) || null,
  }
}

/** With PrivateTmp= the master has a /tmp of its own. */
function seenBy({ unit, master }: FpmService): (path: string) => string {
  return (path) =>
    master && unit?.privateTmp && /^\/(var\/)?tmp(\/|$)/.test(path) ? `/proc/${master.pid}/root${path}` : path
}

async function directoryFacts(
  host: ReadHost,
  service: FpmService,
  path: string,
  mounts: readonly Mount[],
): Promise<DirectoryFacts> {
  const seenPath = seenBy(service)(path)
  const real = await host.resolve(seenPath)
  const stat = await host.stat(real.ok ? real.value : seenPath)
  if (!stat.ok) {
    if (stat.why !== 'missing') return { unreadable: stat.says }
    return isMadeAtStart(service, path) ? 'writable' : 'missing'
  }
  if (stat.value.kind !== 'directory') return 'not-a-directory'
  return mountOf(mounts, real.ok && seenPath === path ? real.value : path)?.readOnly ? 'read-only' : 'writable'
}

/** systemd makes RuntimeDirectory= when it starts the unit, and removes it when the unit has stopped (systemd.exec(5)). */
function isMadeAtStart({ unit, master }: FpmService, path: string): boolean {
  return master === null && (unit?.runtimeDirectories ?? []).some((name) => path === `/run/${name}`)
}

async function kindOf(host: ReadHost, path: string): Promise<string | null> {
  const stat = await host.stat(path)
  return stat.ok ? stat.value.kind : null
}

/** ProtectSystem= and ReadOnlyPaths= show in the mounts of the master; without one, the host's own are the best guess. */
async function readMounts(host: ReadHost, { master }: FpmService): Promise<readonly Mount[]> {
  return readMountInfo(await textOrEmpty(host, `/proc/${master?.pid ?? 'self'}/mountinfo`))
}

async function listeners(host: ReadHost, { master }: FpmService): Promise<PreflightFacts['listeners']> {
  const listed = await host.ask({ tool: 'listeners' })
  if (!listed.ok) return { unreadable: listed.says }
  const own = await ownPids(host, master?.pid ?? null)
  const { stdout } = listed.value
  const all = [...readUnixListeners(stdout), ...readTcpListeners(stdout)]
  return all.map(({ address, pids }) => ({ address, own: pids.some((pid) => own.has(pid)) }))
}

async function ownPids(host: ReadHost, master: number | null): Promise<ReadonlySet<number>> {
  if (master === null) return new Set()
  const processes = await host.processes()
  const workers = processes.ok ? processes.value.filter((each) => each.parentPid === master) : []
  return new Set([master, ...workers.map((each) => each.pid)])
}

async function localAddresses(host: ReadHost): Promise<ReadonlySet<string> | null> {
  const [v4, v6, foreign4, foreign6] = await Promise.all([
    host.readFile('/proc/net/fib_trie'),
    host.readFile('/proc/net/if_inet6'),
    textOrEmpty(host, '/proc/sys/net/ipv4/ip_nonlocal_bind'),
    textOrEmpty(host, '/proc/sys/net/ipv6/ip_nonlocal_bind'),
  ])
  if (!v4.ok || foreign4.trim() === '1' || foreign6.trim() === '1') return null
  return new Set([...readIpv4Addresses(textOf(v4.value)), ...(v6.ok ? readIpv6Addresses(textOf(v6.value)) : [])])
}

async function names(host: ReadHost, path: string, database: 'passwd' | 'group'): Promise<Names> {
  const file = await host.readFile(path)
  if (!file.ok) return { known: new Set(), complete: false }
  const nsswitch: Read<Uint8Array> = await host.readFile('/etc/nsswitch.conf')
  const complete = !nsswitch.ok || !asksBeyondFiles(textOf(nsswitch.value), database)
  return { known: readAccountNames(textOf(file.value)), complete }
}

async function textOrEmpty(host: ReadHost, path: string): Promise<string> {
  const file = await host.readFile(path)
  return file.ok ? textOf(file.value) : ''
}
