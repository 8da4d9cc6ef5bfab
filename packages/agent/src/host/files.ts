/** Reading files, within limits. */
import type { Stats } from 'node:fs'
import { constants, lstat, open, readdir, readlink, realpath, statfs } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { FileFacts, Read, SpaceFacts } from './host.ts'
import { failedRead } from './errno.ts'

const defaultLimitBytes = 4 * 1024 * 1024

export async function readFile(path: string, limitBytes = defaultLimitBytes): Promise<Read<Uint8Array>> {
  return withFile(path, async (file) => {
    const bytes = await readAt(file, 0, limitBytes + 1)
    return bytes.length > limitBytes
      ? { ok: false, why: 'too-big', says: `bigger than ${limitBytes} bytes` }
      : { ok: true, value: bytes }
  })
}

export async function readFrom(path: string, offset: number, limitBytes: number): Promise<Read<Uint8Array>> {
  return withFile(path, async (file) => {
    const { size } = await file.stat()
    if (size < offset) return { ok: false, why: 'missing', says: 'the file became shorter: it was rotated' }
    return { ok: true, value: await readAt(file, offset, limitBytes) }
  })
}

export async function stat(path: string): Promise<Read<FileFacts>> {
  return reading(async () => fileFacts(await lstat(path)))
}

export function fileFacts(stats: Stats): FileFacts {
  const kind = stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'link'
        : stats.isSocket()
          ? 'socket'
          : 'other'
  return {
    kind,
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    sizeBytes: stats.size,
    modifiedMs: stats.mtimeMs,
    changedMs: stats.ctimeMs,
    device: stats.dev,
    inode: stats.ino,
  }
}

export function list(path: string): Promise<Read<readonly string[]>> {
  return reading(async () => (await readdir(path)).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
}

export function resolvePath(path: string): Promise<Read<string>> {
  return reading(() => realpath(path))
}

export function readLink(path: string): Promise<Read<string>> {
  return reading(() => readlink(path))
}

export function space(path: string): Promise<Read<SpaceFacts>> {
  return reading(async () => {
    const { frsize, blocks, bavail, files, ffree } = await statfs(path)
    return { sizeBytes: blocks * frsize, freeBytes: bavail * frsize, inodes: files, freeInodes: ffree }
  })
}

async function reading<T>(read: () => Promise<T>): Promise<Read<T>> {
  try {
    return { ok: true, value: await read() }
  } catch (error) {
    return failedRead(error)
  }
}

/** A pipe or a device under a file's name must not make the agent wait: O_NONBLOCK. */
export async function withFile<T>(path: string, use: (file: FileHandle) => Promise<Read<T>>): Promise<Read<T>> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (error) {
    return failedRead(error)
  }
  try {
    return await use(file)
  } catch (error) {
    return failedRead(error)
  } finally {
    await file.close()
  }
}

/** Most files that are read fit in, with room to see that nothing follows. */
const smallBytes = 8 * 1024

/** Files of /proc have no size, so this reads until the end or the limit. */
async function readAt(file: FileHandle, offset: number, limitBytes: number): Promise<Buffer> {
  const full: Buffer[] = []
  let total = 0
  let chunk = Buffer.allocUnsafe(Math.min(smallBytes, limitBytes))
  let used = 0
  while (total < limitBytes) {
    if (used === chunk.length) {
      full.push(chunk)
      chunk = Buffer.allocUnsafe(Math.min(64 * 1024, limitBytes - total))
      used = 0
    }
    const { bytesRead } = await file.read(chunk, used, chunk.length - used, offset + total)
    if (bytesRead === 0) break
    used += bytesRead
    total += bytesRead
  }
  return Buffer.concat([...full, chunk.subarray(0, used)])
}
