/** How full the file systems are that hold some paths. */
import type { Read, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { readDiskSpace, type DiskSpace } from '../readings/disk-space.ts'
import { mountOf, readMountInfo, type Mount } from '../readings/mount-info.ts'
import { answerOf } from './answer-of.ts'

/** The kernel knows by itself how full these are. NFS, FUSE and their like ask somebody else, who may never answer. */
const localTypes = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'f2fs', 'tmpfs', 'overlay', 'vfat'])

/** Paths that are not there are left out. */
export async function diskSpace(host: ReadHost, paths: readonly string[]): Promise<Read<readonly DiskSpace[]>> {
  const mounted = await host.readFile('/proc/self/mountinfo')
  const mounts = mounted.ok ? readMountInfo(textOf(mounted.value)) : []
  const known = new Map<Mount, Space | null>()
  const found: DiskSpace[] = []
  const unknown: string[] = []
  for (const path of paths) {
    const real = await host.resolve(path)
    if (!real.ok && real.why === 'missing') continue
    const mount = real.ok ? mountOf(mounts, real.value) : null
    if (mount && !known.has(mount)) known.set(mount, await localSpace(host, mount))
    const space = mount && known.get(mount)
    if (space) found.push({ path, ...space })
    else unknown.push(path)
  }
  if (unknown.length === 0) return { ok: true, value: found }
  const answer = await answerOf(host, { tool: 'disk-space', paths: unknown })
  return answer.ok ? { ok: true, value: [...found, ...readDiskSpace(answer.value, unknown)] } : answer
}

type Space = Omit<DiskSpace, 'path'>

/** Null where `df` is to be asked. */
async function localSpace(host: ReadHost, { path, type }: Mount): Promise<Space | null> {
  if (!localTypes.has(type)) return null
  const space = await host.space(path)
  if (!space.ok) return null
  const { sizeBytes, freeBytes, inodes, freeInodes } = space.value
  return { mountedAt: path, sizeBytes, freeBytes, freeInodes: inodes === 0 ? null : freeInodes }
}
