/**
 * What stands in the way of replacing a file, or of making one, found before anything is written: links of both kinds,
 * others who may write there, flags of the file system (DESIGN D6).
 */
import { access, constants, lstat, readFile } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { dirname } from 'node:path'
import { mountOf, readMountInfo } from '../readings/mount-info.ts'
import { errnoOf } from './errno.ts'

/** A clause for a person; null: nothing does. `path` is resolved, or does not exist yet. */
export async function writeObstacle(path: string): Promise<string | null> {
  const file = await statOf(path)
  if (file && !file.isFile()) return `${path} is not a plain file`
  if (file && file.nlink > 1)
    return `${path} is one of ${file.nlink} names of the same file (hard links), and the others would keep the old text`
  if (file && othersWrite(file)) return `${path} can be written by others than root, so its text is not root's word`
  const directory = await nearestDirectory(dirname(path))
  const untrusted = await findUntrusted(directory)
  if (untrusted !== null) return untrusted
  return (await unwritable(directory)) ?? (file ? await unwritable(path) : null)
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await lstat(path)
  } catch (error) {
    // What is below a file is told by the one who tries to write there.
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error))) return null
    throw error
  }
}

/** The directory itself, or the first above it that there is. */
async function nearestDirectory(path: string): Promise<string> {
  return (await statOf(path)) === null && path !== dirname(path) ? nearestDirectory(dirname(path)) : path
}

/** Whoever can write to a directory above can put another file in the place of this one. */
async function findUntrusted(directory: string): Promise<string | null> {
  const facts = await lstat(directory)
  // In a sticky directory (`/tmp`) nobody can rename what belongs to somebody else.
  if (othersWrite(facts) && !(isOwn(facts) && (facts.mode & 0o1000) !== 0))
    return `${directory} can be written by others than root, so nothing below it is replaced`
  return directory === dirname(directory) ? null : findUntrusted(dirname(directory))
}

/** With an ACL the bits of the group are its mask (acl(5)): they cover whoever it names. */
function othersWrite(facts: Stats): boolean {
  return !isOwn(facts) || (facts.mode & 0o022) !== 0
}

function isOwn({ uid }: Stats): boolean {
  return uid === 0 || uid === process.geteuid?.()
}

/** Root may write everywhere, except where the file system says otherwise. */
async function unwritable(path: string): Promise<string | null> {
  try {
    await access(path, constants.W_OK)
    return null
  } catch (error) {
    switch (errnoOf(error)) {
      case 'EPERM':
        return `${path} is made immutable, which \`lsattr -d\` shows and \`chattr -i\` ends`
      case 'EROFS':
        return (await isReadOnlyForAll(path)) ? `${path} lies on a file system that is mounted read-only` : null
      default:
        return null
    }
  }
}

/** A service may see the whole system read-only (`ProtectSystem=`), while the unit that applies plans does not. */
async function isReadOnlyForAll(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/1/mountinfo', 'utf8').catch(() => null)
  return mounts === null || (mountOf(readMountInfo(mounts), path)?.readOnly ?? true)
}
