/** Whether there is anything by a name; an error where nobody can tell. */
import { stat } from 'node:fs/promises'

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
