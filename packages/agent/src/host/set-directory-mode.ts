/** Permission bits of a directory, set through a descriptor: what is opened is what is changed. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { errnoWords } from './errno.ts'
import type { Did } from './host.ts'

export async function setDirectoryMode(path: string, mode: number): Promise<Did> {
  try {
    await using directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    await directory.chmod(mode)
    await directory.sync()
    return { ok: true }
  } catch (error) {
    return { ok: false, says: `the mode of ${path} could not be set: ${errnoWords(error)}` }
  }
}
