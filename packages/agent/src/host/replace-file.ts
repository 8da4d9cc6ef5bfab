/**
 * Replaces a file so that at any moment either the old or the new one is there, whole, with the same owner, mode, ACL
 * and extended attributes (DESIGN D6).
 */
import { chmod, chown, constants, lstat, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errnoOf, errnoWords } from './errno.ts'
import type { Did, NewFile } from './host.ts'
import { runTool } from './run-tool.ts'
import { writeObstacle } from './write-obstacle.ts'

export type Replaced = Did & { readonly madeDirectories?: readonly string[] }

export async function replaceFile(path: string, bytes: Uint8Array, fresh: NewFile): Promise<Replaced> {
  const { randomBytes } = process.getBuiltinModule('node:crypto')
  const madeDirectories: string[] = []
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${randomBytes(6).toString('hex')}`)
  try {
    const obstacle = await writeObstacle(path)
    if (obstacle !== null) return { ok: false, says: obstacle }
    const exists = await lstat(path).then(
      () => true,
      (error: unknown) => (errnoOf(error) === 'ENOENT' ? false : Promise.reject(error as Error)),
    )
    await makeDirectories(dirname(path), madeDirectories)
    const file = await open(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    )
    try {
      if (exists) {
        const copied = await runTool({
          program: 'cp',
          // `all` alone gives up attributes that cannot be kept without a word.
          args: ['--attributes-only', '--preserve=all,xattr', '--', path, temporary],
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
      if (fresh.modifiedMs !== undefined) await file.utimes(new Date(), fresh.modifiedMs / 1000)
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

/** Temporary files of calls that were killed before their end. Nobody reads them, but they hold what was planned. */
export async function removeLeftovers(path: string): Promise<Did> {
  const directory = dirname(path)
  try {
    const names = await readdir(directory)
    const left = names.filter((name) => name.startsWith(temporaryPrefix(path)) && /-[0-9a-f]{12}$/.test(name))
    for (const name of left) await rm(join(directory, name), { force: true })
    if (left.length > 0) await syncDirectory(directory)
    return { ok: true }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { ok: true }
    return { ok: false, says: `${directory} could not be cleaned up: ${errnoWords(error)}` }
  }
}

/** A name that begins with a dot is picked up by no `include *`. */
function temporaryPrefix(path: string): string {
  return `.${basename(path)}.fleetmend-`
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
