/** Cgroups, v1 and v2: which one a process is in for a controller, and the counters that stand in their files. */

export interface CgroupPlace {
  /** Where its files are, e.g. `/sys/fs/cgroup/memory/system.slice/php8.2-fpm.service`. */
  readonly folder: string
  /** Within the hierarchy; `/` is the root, which a container shares among all its services. */
  readonly path: string
  readonly version: 1 | 2
}

/** From `/proc/PID/cgroup`. A controller that has a v1 hierarchy is not in v2. */
export function cgroupPlace(text: string, controller: 'memory' | 'pids'): CgroupPlace | null {
  const lines = text.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    return controllers === undefined || path === undefined ? [] : [{ controllers: controllers.split(','), path }]
  })
  const v1 = lines.find(({ controllers }) => controllers.includes(controller))
  const found = v1 ?? lines.find(({ controllers }) => controllers[0] === '')
  if (!found) return null
  const root = v1 ? `/sys/fs/cgroup/${v1.controllers.join(',')}` : '/sys/fs/cgroup'
  return { folder: `${root}${found.path === '/' ? '' : found.path}`, path: found.path, version: v1 ? 1 : 2 }
}

/** `memory.events`, `memory.oom_control`, `pids.events`: a name and a number a line. */
export function readCounters(text: string): ReadonlyMap<string, number> {
  return new Map([...text.matchAll(/^(\w+) (\d+)$/gm)].map(([, name = '', count]) => [name, Number(count)]))
}
