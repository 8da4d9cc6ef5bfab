/** Reads the memory a host has left, and the tightest cgroup limit above each FPM master. */
import type { ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { readCgroupPaths, readMeminfo } from '../readings/proc.ts'
import type { FpmService } from './fpm-services.ts'
import type { MemoryFacts } from './host-facts.ts'

type Limit = { readonly limitMiB: number; readonly usedMiB: number; readonly path: string }

/** v1 writes "no limit" as the largest page count; anything near it is none. */
const noLimitBytes = 2 ** 60
const bytesPerMiB = 1024 * 1024

export async function memoryFacts(host: ReadHost, services: readonly FpmService[]): Promise<MemoryFacts | null> {
  const file = await host.readFile('/proc/meminfo')
  const meminfo = file.ok ? readMeminfo(textOf(file.value)) : null
  if (!meminfo) return null
  const cgroupLimitMiB = new Map<string, Limit>()
  for (const service of services) {
    const limit = service.master && (await tightestLimit(host, service.master.pid))
    if (limit) cgroupLimitMiB.set(service.service, limit)
  }
  return { ...meminfo, cgroupLimitMiB }
}

async function tightestLimit(host: ReadHost, pid: number): Promise<Limit | null> {
  const file = await host.readFile(`/proc/${pid}/cgroup`)
  if (!file.ok) return null
  const { v2, v1Memory } = readCgroupPaths(textOf(file.value))
  const limits = [
    ...(v2 === null ? [] : await limitsUpTheTree(host, '/sys/fs/cgroup', v2, 'memory.max', 'memory.current')),
    ...(v1Memory === null
      ? []
      : await limitsUpTheTree(
          host,
          '/sys/fs/cgroup/memory',
          v1Memory,
          'memory.limit_in_bytes',
          'memory.usage_in_bytes',
        )),
  ]
  return limits.toSorted((a, b) => a.limitMiB - a.usedMiB - (b.limitMiB - b.usedMiB))[0] ?? null
}

async function limitsUpTheTree(
  host: ReadHost,
  root: string,
  cgroup: string,
  limitFile: string,
  usedFile: string,
): Promise<readonly Limit[]> {
  const parts = cgroup.split('/').filter((part) => part !== '')
  // The root itself, too: in a container it is the container's own.
  const paths = [...parts.map((_, i) => `${root}/${parts.slice(0, parts.length - i).join('/')}`), root]
  const limits = await Promise.all(
    paths.map(async (path) => {
      const limitBytes = await readNumber(host, `${path}/${limitFile}`)
      const usedBytes = await readNumber(host, `${path}/${usedFile}`)
      if (limitBytes === null || usedBytes === null || limitBytes >= noLimitBytes) return null
      return { limitMiB: Math.floor(limitBytes / bytesPerMiB), usedMiB: Math.ceil(usedBytes / bytesPerMiB), path }
    }),
  )
  return limits.filter((limit) => limit !== null)
}

/** `max` and anything else that is no number is no limit. */
async function readNumber(host: ReadHost, path: string): Promise<number | null> {
  const file = await host.readFile(path)
  const text = file.ok ? textOf(file.value).trim() : ''
  return /^\d+$/.test(text) ? Number(text) : null
}
