/** Where the URL of the database comes from: a file, the environment or the command line, which everybody here can read. */
import { readFile, stat } from 'node:fs/promises'
import { holdsPassword } from './address.ts'

export interface UrlGiven {
  readonly onCommandLine?: string | undefined
  /** The path of a file with the URL as its only line. */
  readonly file?: string | undefined
  /** Of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export type UrlFound =
  /** Left out: the store is a file of its own. */
  { readonly ok: true; readonly url: string | undefined } | { readonly ok: false; readonly says: string }

/** What is typed takes the place of what stands in the environment. */
export async function databaseUrlOf({ onCommandLine, file, environment }: UrlGiven): Promise<UrlFound> {
  if (onCommandLine !== undefined && file !== undefined)
    return refuse('Either --database or --database-file: it is one database.')
  if (file !== undefined) return readUrlFile(file)
  if (onCommandLine === undefined) return { ok: true, url: environment['FLEETMEND_DATABASE'] || undefined }
  if (!holdsPassword(onCommandLine)) return { ok: true, url: onCommandLine }
  return refuse(
    'There is a password in the URL of --database, and everybody on this machine can see the command line of a process. Take it for known, and change it.\n\nPut the URL into a file that only this user can read:\n    fleetmend controller serve --database-file /etc/fleetmend/database-url',
  )
}

async function readUrlFile(path: string): Promise<UrlFound> {
  try {
    const { mode, gid } = await stat(path)
    // A credential of a systemd service shows the right of its user as one of the group, which is root's.
    if ((mode & 0o037) !== 0 || ((mode & 0o040) !== 0 && gid !== 0))
      return refuse(
        `Cannot use ${path}: others can read it, and with it everything that the fleet has on record. If nobody did:\n    chmod 600 ${path}\n\nOtherwise change the password first.`,
      )
    const url = (await readFile(path, 'utf8')).trim()
    if (url === '') return refuse(`Cannot use ${path}: it is empty. It takes the URL of the database, on one line.`)
    return { ok: true, url }
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string')
      return refuse(`Cannot read ${path}: ${error.code}.`)
    throw error
  }
}

function refuse(says: string): UrlFound {
  return { ok: false, says }
}
