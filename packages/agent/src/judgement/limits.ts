/** The next size of a limit that was too low: of connections, open files and processes. */
import type { NginxCapacity } from '../survey/capacity-facts.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'

/** Beyond this an exhausted limit is what something else shows: clients that hold on, a leak, a loop. */
export const mostConnections = 65_536
export const mostFiles = 1_048_576
/** What systemd gives a service where nothing is set, on a host of usual size. */
export const usualTasks = 4096

/** Four times as many, and not fewer than nginx's packages give. */
export function nextConnections({ workerConnections }: NginxCapacity): number | null {
  return nextPower(workerConnections.value * 4, 1024, mostConnections, workerConnections.value)
}

/** Each connection to PHP is two open files, and logs and listeners come on top. */
export function filesForConnections(connections: number): number {
  return nextPower(connections * 4, 4096, mostFiles, 0) ?? mostFiles
}

export function nextFiles({ workerConnections, openFiles, workerFiles }: NginxCapacity): number | null {
  const now = openFiles?.limit ?? workerFiles?.value ?? 1024
  return nextPower(Math.max(now * 4, workerConnections.value * 4), 8192, mostFiles, now)
}

/**
 * Room for the workers of all pools twice, so that a reload, which has old and new ones at once, fits too. Null: it is not
 * this limit that holds.
 */
export function nextTasks(facts: HostFacts, { service, pools }: FpmFacts): number | null {
  const processes = facts.capacity.fpm.get(service)?.processes
  if (!processes || processes.now < processes.limit) return null
  const workers = pools.reduce((sum, { maxChildren }) => sum + (maxChildren ?? 0), 0)
  const to = Math.max(usualTasks, workers * 2 + 64)
  return to > processes.limit ? to : null
}

/** Under cgroup v1 the limit may have been set by whoever made this host, and systemd's word would change nothing. */
export function isSystemdsToSet(facts: HostFacts, { service }: FpmFacts): boolean {
  const path = facts.capacity.fpm.get(service)?.processes?.path
  return path !== undefined && !path.startsWith('/sys/fs/cgroup/pids')
}

function nextPower(wanted: number, least: number, most: number, now: number): number | null {
  const power = 2 ** Math.ceil(Math.log2(Math.max(wanted, least)))
  const to = Math.min(power, most)
  return to > now ? to : null
}
