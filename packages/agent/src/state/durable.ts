/**
 * Writes that are on disk before they are believed. A file appears whole or not at all; a name counts only once its
 * directory is synced too.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the directory. */
export async function writeDurably(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const temporary = temporaryName(path)
  try {
    await writeNew(temporary, bytes, mode)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/** Makes a directory that does not exist yet; throws `EEXIST` when it does, so that two makers cannot share it. */
export async function makeDirectoryDurably(path: string, mode: number): Promise<void> {
  await mkdir(path, { mode })
  await syncDirectory(dirname(path))
}

export async function removeDurably(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await syncDirectory(dirname(path))
}

/** Creates a file that must not exist yet, with its bytes on disk; its name is not synced here. */
export async function writeNew(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** A leading dot, so that nothing which lists the folder takes it for an entry. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
}

export function isTemporaryName(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}$/.test(name)
}

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** What the kernel said, as a clause for a person; anything that is not an answer of the kernel is a bug and thrown on. */
export function saysOf(error: unknown): string {
  const errno = errnoOf(error)
  if (errno === undefined) throw error
  return clauses[errno] ?? errno
}

const clauses: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk reports an error',
  ENOENT: 'no such file',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'a part of the path is not a directory',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
}
