/**
 * A real limit for one service of a test host. With cgroup v2 its own systemd sets it; with v1 it is given no controllers,
 * so that the limit is made outside, at the place where systemd would have it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from './host-kit.ts'

const limits = {
  memory: { file: 'memory.limit_in_bytes', property: 'MemoryMax' },
  pids: { file: 'pids.max', property: 'TasksMax' },
} as const

export async function limitService(
  host: Host,
  service: string,
  controller: keyof typeof limits,
  value: number,
): Promise<void> {
  const { file, property } = limits[controller]
  const own = cgroupOf(host, controller)
  if (own === null) {
    await host.must(['systemctl', 'set-property', '--runtime', service, `${property}=${value}`])
    return
  }
  const folder = join(own, 'system.slice', `${service}.service`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), String(value))
  if (controller === 'memory') writeFileSync(join(folder, peakFile), '0')
  const systemds = cgroupOf(host, 'name=systemd')?.replace(/\/init\.scope$/, '') ?? ''
  const members = join(systemds, 'system.slice', `${service}.service`, 'cgroup.procs')
  for (const pid of readFileSync(members, 'utf8').trim().split('\n')) writeFileSync(join(folder, 'cgroup.procs'), pid)
}

/** The most memory that it used since it was started, or limited from outside. */
export async function memoryPeakBytes(host: Host, service: string): Promise<number> {
  const own = cgroupOf(host, 'memory')
  const unit = join('system.slice', `${service}.service`)
  if (own === null) return Number(await host.readFile(join('/sys/fs/cgroup', unit, 'memory.peak')))
  return Number(readFileSync(join(own, unit, peakFile), 'utf8'))
}

/** Writing to it begins anew. */
const peakFile = 'memory.max_usage_in_bytes'

/** Room for the master of a service that is down, and for nobody else, until it is lifted. */
export async function limitToMaster(host: Host, service: string): Promise<{ readonly lift: () => void }> {
  const own = cgroupOf(host, 'pids')
  if (own === null) {
    await host.must(['systemctl', 'set-property', '--runtime', service, 'TasksMax=1'])
    return { lift: () => undefined }
  }
  // Without controllers of its own, a host starts its services in the cgroup of all of it.
  const file = join(own, 'pids.max')
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, String(Number(readFileSync(join(own, 'pids.current'), 'utf8')) + 1))
  return { lift: () => writeFileSync(file, before) }
}

/** Where the host's PID 1 is in a hierarchy of v1; null where there is none for that controller. */
function cgroupOf(host: Host, controller: string): string | null {
  const lines = readFileSync(`/proc/${host.leaderPid}/cgroup`, 'utf8').split('\n')
  const path = lines.find((line) => line.split(':')[1] === controller)?.split(':')[2]
  const folder = path === undefined ? null : join('/sys/fs/cgroup', controller.replace(/^name=/, ''), path)
  return folder !== null && existsSync(folder) ? folder : null
}
