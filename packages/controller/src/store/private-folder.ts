/** The controller's folder: its store and its keys. Nobody but its owner can look into it, and its files are whole. */
import { constants } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'

export type FolderOpened = { readonly ok: true } | { readonly ok: false; readonly says: string }

/** Makes the folder, or refuses one that others can look into: what was in it may have been read already. */
export async function openPrivateFolder(folder: string): Promise<FolderOpened> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { mode, uid } = await stat(folder)
    if (uid !== process.getuid?.())
      return refuse(
        folder,
        'it belongs to another user',
        `Start the controller as the owner of the folder, or give it another one.`,
      )
    if ((mode & 0o077) !== 0)
      return refuse(
        folder,
        'others can look into it, and it holds the keys of the fleet',
        `If nobody did:\n    chmod 700 ${folder}`,
      )
    return { ok: true }
  } catch (error) {
    return refuse(folder, errnoOf(error), 'Give it a folder that it may write to.')
  }
}

/** Null: there is no such file. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** On disk and whole, or not there at all. */
export async function writePrivateFile(path: string, bytes: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Makes an empty file with mode 0600 where there is none, so that whoever opens it next cannot make it wider. */
export async function createPrivateFile(path: string): Promise<void> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  await file.close()
  await syncFolder(dirname(path))
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function refuse(folder: string, why: string, toDo: string): FolderOpened {
  return { ok: false, says: `Cannot use the folder ${folder}: ${why}.\n\n${toDo}` }
}

/** What the kernel answered; anything else is a bug and thrown on. */
function errnoOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  throw error
}
