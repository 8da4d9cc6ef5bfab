/**
 * Replaces a file so that at any moment either the old or the new one is there, whole, with the same owner, mode, ACL
 * and extended attributes (DESIGN D6).
 */
import { chmod, chown, constants, lstat, mkdir, open, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errnoOf, errnoWords } from './errno.ts'
import type { Did, NewFile } from './host.ts'
import { runTool } from './run-tool.ts'

export type Replaced = Did & { readonly madeDirectories?: readonly string[] }

export async function replaceFile(path: string, bytes: Uint8Array, fresh: NewFile): Promise<Replaced> {
  const { randomBytes } = process.getBuiltinModule('node:crypto')
  const madeDirectories: string[] = []
  // A name that begins with a dot is picked up by no `include *`.
  const temporary = join(dirname(path), `.${basename(path)}.fleetmend-${randomBytes(6).toString('hex')}`)
  try {
    const existing = await lstat(path).catch((error: unknown) =>
      errnoOf(error) === 'ENOENT' ? null : Promise.reject(error as Error),
    )
    if (existing && !existing.isFile()) return { ok: false, says: `${path} is not a plain file` }
    await makeDirectories(dirname(path), madeDirectories)
    const untrusted = await findUntrusted(dirname(path))
    if (untrusted) {
      await removeDirectories(madeDirectories)
      return { ok: false, says: untrusted }
    }
    const file = await open(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    )
    try {
      if (existing) {
        const copied = await runTool({
          program: 'cp',
          args: ['--attributes-only', '--preserve=all', '--', path, temporary],
          limitMs: 10_000,
        })
        if (!copied.ok || copied.value.exitCode !== 0) {
          throw new Error(`its attributes could not be copied: ${copied.ok ? copied.value.stderr.trim() : copied.says}`)
        }
      } else {
        await chown(temporary, fresh.uid, fresh.gid)
        await chmod(temporary, fresh.mode)
      }
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncDirectory(dirname(path))
    return { ok: true, madeDirectories }
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    await removeDirectories(madeDirectories)
    return { ok: false, says: `${path} could not be written: ${errnoWords(error)}` }
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

async function makeDirectories(path: string, made: string[]): Promise<void> {
  try {
    await lstat(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    await makeDirectories(dirname(path), made)
    await mkdir(path, { mode: 0o755 })
    made.push(path)
    await syncDirectory(dirname(path))
  }
}

/** What was made on the way to a file that did not come to be. */
async function removeDirectories(made: readonly string[]): Promise<void> {
  for (const directory of made.toReversed()) await rmdir(directory).catch(() => undefined)
}

/** Whoever can write to a directory above can put another file in the place of this one. */
async function findUntrusted(directory: string): Promise<string | null> {
  const facts = await lstat(directory)
  const self = process.geteuid?.() ?? 0
  const othersWrite = (facts.mode & 0o022) !== 0 && (facts.mode & 0o1000) === 0
  if ((facts.uid !== 0 && facts.uid !== self) || othersWrite)
    return `${directory} can be written by others than root, so nothing below it is replaced`
  return directory === dirname(directory) ? null : findUntrusted(dirname(directory))
}
