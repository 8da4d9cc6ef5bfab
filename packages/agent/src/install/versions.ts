/** The folders of versions: one is put beside the others whole or not at all, and goes when nobody needs it. */
import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { chmod, chown, copyFile, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { filesDigest, installedFiles } from '@fleetmend/shared/model/installed-agent'
import { errnoWords } from '../host/errno.ts'
import type { Did } from '../host/host.ts'
import { syncDirectory } from '../host/replace-file.ts'
import { temporaryName } from '../state/durable.ts'

/** What a version is put from, with the digests of its files. */
export interface Source {
  readonly folder: string
  readonly digests: ReadonlyMap<string, string>
}

/** Of what is installed, SHA-256 by name; a file that is not there has no entry. */
export async function digestsIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(
    Object.keys(installedFiles).map(async (name) => {
      const path = join(folder, name)
      const facts = await lstat(path).catch(() => null)
      return facts?.isFile() ? [[name, await digestOf(path)] as const] : []
    }),
  )
  return new Map(found.flat())
}

/** Whether each file is there with its mode, belongs to us, and holds the same. */
export async function holdsTheSame(folder: string, source: Source): Promise<boolean> {
  for (const [name, mode] of Object.entries(installedFiles)) {
    const facts = await lstat(join(folder, name)).catch(() => null)
    if (facts === null || (facts.mode & 0o7777) !== mode || facts.uid !== process.geteuid?.()) return false
  }
  return folder === source.folder || filesDigest(await digestsIn(folder)) === filesDigest(source.digests)
}

/** What lies there under this name already is damaged: it is moved aside first, and whoever runs from it goes on. */
export async function putVersion(source: Source, folder: string): Promise<Did> {
  const temporary = temporaryName(folder)
  const aside = temporaryName(folder)
  try {
    await mkdir(temporary, { mode: 0o755 })
    await chmod(temporary, 0o755)
    for (const [name, mode] of Object.entries(installedFiles))
      await copyDurably(join(source.folder, name), join(temporary, name), mode)
    await syncDirectory(temporary)
    if (!(await holdsTheSame(temporary, source))) throw new Error('what was copied is not what was to be')
    const isThere = await lstat(folder).then(
      () => true,
      () => false,
    )
    if (isThere) await rename(folder, aside)
    await rename(temporary, folder)
    await syncDirectory(dirname(folder))
    await rm(aside, { recursive: true, force: true })
    return { ok: true }
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    return { ok: false, says: `${folder} could not be made: ${errnoWords(error)}` }
  }
}

export async function removeVersion(folder: string): Promise<Did> {
  // Cut off in the middle, it is no version any more, but one of those that are swept.
  const aside = temporaryName(folder)
  try {
    await rename(folder, aside)
    await rm(aside, { recursive: true })
    await syncDirectory(dirname(folder))
    return { ok: true }
  } catch (error) {
    return { ok: false, says: `${folder} could not be removed: ${errnoWords(error)}` }
  }
}

/** What was left by somebody who was cut off while putting or removing one. */
export async function sweepVersions(library: string): Promise<void> {
  for (const name of await readdir(library).catch(() => []))
    if (isLeftover(name)) await rm(join(library, name), { recursive: true, force: true })
}

export function isLeftover(name: string): boolean {
  return /^\.\d[\w.+]*-[0-9a-f]{12}\.[0-9a-f]{12}$/.test(name)
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

async function copyDurably(from: string, to: string, mode: number): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL)
  // Node gives a copy the owner of what it was copied from.
  await chown(to, process.geteuid?.() ?? 0, process.getegid?.() ?? 0)
  await chmod(to, mode)
  const file = await open(to, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
