/**
 * A cgroup of its own for each test host. In a shared one, the systemd of one host meets processes of another (as pid 0)
 * and can neither count nor kill what belongs to its services.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const top = '/sys/fs/cgroup'

/** Every hierarchy: the controllers of v1, systemd's own, and v2 alone or beside them. */
function hierarchies(): readonly string[] {
  if (existsSync(join(top, 'cgroup.procs'))) return [top]
  return readdirSync(top).map((name) => join(top, name)).filter((path) => statSync(path).isDirectory() && existsSync(join(path, 'cgroup.procs')))
}

/** Children start in the cgroup of their parent, so this process enters, starts the child, and leaves again. */
export function inOwnCgroups<T>(name: string, start: () => T): T {
  for (const hierarchy of hierarchies()) {
    const own = join(hierarchy, name)
    mkdirSync(own, { recursive: true })
    // cpuset takes no process before it has cpus and memory nodes.
    if (existsSync(join(own, 'cgroup.clone_children'))) writeFileSync(join(own, 'cgroup.clone_children'), '1')
    for (const file of ['cpuset.cpus', 'cpuset.mems']) copyFrom(hierarchy, own, file)
    writeFileSync(join(own, 'cgroup.procs'), String(process.pid))
  }
  try {
    return start()
  } finally {
    for (const hierarchy of hierarchies()) writeFileSync(join(hierarchy, 'cgroup.procs'), String(process.pid))
  }
}

function copyFrom(hierarchy: string, own: string, file: string): void {
  if (existsSync(join(own, file)) && existsSync(join(hierarchy, file))) writeFileSync(join(own, file), readFileSync(join(hierarchy, file)))
}

export function removeCgroups(name: string): void {
  for (const hierarchy of hierarchies()) removeTree(join(hierarchy, name))
}

/** Files of a cgroup cannot be removed, and a cgroup goes when it is empty. */
function removeTree(path: string): void {
  if (!existsSync(path)) return
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(path, entry.name))
  try {
    rmdirSync(path)
  } catch {
    // A process that is just ending holds it a moment longer; an empty cgroup disturbs nobody.
  }
}
