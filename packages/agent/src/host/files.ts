/** Reading files, within limits. */
import { constants, lstat, open, readdir, readlink, realpath } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { FileFacts, Read } from './host.ts'
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

export async function readTail(
  path: string,
  bytes: number,
): Promise<Read<{ readonly bytes: Uint8Array; readonly offset: number }>> {
  return withFile(path, async (file) => {
    const { size } = await file.stat()
    const from = Math.max(0, size - bytes)
    const tail = await readAt(file, from, bytes)
    // What precedes the first line break is the rest of a line that began before; without one it is all of it.
    const lineBreak = tail.indexOf(0x0a)
    const skipped = from === 0 ? 0 : lineBreak < 0 ? tail.length : lineBreak + 1
    return { ok: true, value: { bytes: tail.subarray(skipped), offset: from + skipped } }
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
  try {
    const facts = await lstat(path)
    const kind = facts.isFile()
      ? 'file'
      : facts.isDirectory()
        ? 'directory'
        : facts.isSymbolicLink()
          ? 'link'
          : facts.isSocket()
            ? 'socket'
            : 'other'
    return {
      ok: true,
      value: {
        kind,
        mode: facts.mode & 0o7777,
        uid: facts.uid,
        gid: facts.gid,
        sizeBytes: facts.size,
        modifiedMs: facts.mtimeMs,
        device: facts.dev,
        inode: facts.ino,
      },
    }
  } catch (error) {
    return failedRead(error)
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

async function reading<T>(read: () => Promise<T>): Promise<Read<T>> {
  try {
    return { ok: true, value: await read() }
  } catch (error) {
    return failedRead(error)
  }
}

/** A pipe or a device under a file's name must not make the agent wait: O_NONBLOCK. */
async function withFile<T>(path: string, use: (file: FileHandle) => Promise<Read<T>>): Promise<Read<T>> {
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

/** Files of /proc have no size, so this reads until the end or the limit. */
async function readAt(file: FileHandle, offset: number, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let total = 0
  while (total < limitBytes) {
    const chunk = Buffer.alloc(Math.min(64 * 1024, limitBytes - total))
    const { bytesRead } = await file.read(chunk, 0, chunk.length, offset + total)
    if (bytesRead === 0) break
    chunks.push(chunk.subarray(0, bytesRead))
    total += bytesRead
  }
  return Buffer.concat(chunks)
}
