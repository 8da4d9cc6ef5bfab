/**
 * Cgroups of its own for each test host. Sharing them, the systemd of one host would meet the processes of another (as
 * pid 0) and could neither count nor kill what belongs to its services.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const top = '/sys/fs/cgroup'

/** With systemd as this machine's PID 1, cgroups are its to make: hosts are started in scopes of it. */
export const systemdIsHere = existsSync('/run/systemd/system')

/** What is missing for the systemd of a host to have cgroups; undefined when nothing is. */
export function cgroupsMissing(): string | undefined {
  if (systemdIsHere) return undefined
  const probes = cgroupFolders(`fleetmend-probe-${process.pid}`)
  if (
    !probes.some(
      (path) => existsSync(join(dirname(path), 'cgroup.procs')) && !/^\/sys\/fs\/cgroup\/(?!systemd)[^/]+\//.test(path),
    )
  ) {
    return 'no cgroups for systemd (cgroup v2 on /sys/fs/cgroup, or v1 with name=systemd on /sys/fs/cgroup/systemd)'
  }
  try {
    for (const path of probes) mkdirSync(path)
    return undefined
  } catch (error) {
    return `cannot make a cgroup: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    for (const path of probes) removeCgroup(path)
  }
}

/**
 * Where a cgroup of that name would be: below the one this process is in, so that limits set on it keep holding, and in
 * every hierarchy (v2 alone; or v1's controllers, systemd's own and the empty v2 beside them). None where systemd makes them.
 */
export function cgroupFolders(name: string): readonly string[] {
  if (systemdIsHere) return []
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')
  return lines.flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    const folder = controllers === '' ? unifiedFolder() : join(top, controllers.replace(/^name=/, ''))
    return folder !== undefined && existsSync(join(folder, path, 'cgroup.procs')) ? [join(folder, path, name)] : []
  })
}

/** Moves the calling process there; what it becomes or starts stays there. */
export function enterCgroups(folders: readonly string[]): void {
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true })
    inheritCpuset(folder)
    writeFileSync(join(folder, 'cgroup.procs'), '0')
  }
}

/** Removes a cgroup and all below it; what still has a process in it stays. Its files go with the directory. */
export function removeCgroup(folder: string): void {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroup(join(folder, entry.name))
  try {
    rmdirSync(folder)
  } catch {
    // Somebody is still in it, or somebody else removed it first.
  }
}

function unifiedFolder(): string | undefined {
  return [top, join(top, 'unified')].find((folder) => existsSync(join(folder, 'cgroup.procs')))
}

/** A cpuset of v1 takes no process before it has processors and memory nodes, and a new one has none. */
function inheritCpuset(folder: string): void {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    const file = join(folder, name)
    if (!existsSync(file) || readFileSync(file, 'utf8').trim() !== '') continue
    if (readFileSync(join(dirname(folder), name), 'utf8').trim() === '') inheritCpuset(dirname(folder))
    writeFileSync(file, readFileSync(join(dirname(folder), name)))
  }
}
