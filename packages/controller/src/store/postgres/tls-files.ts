/** What TLS to a database is done with, read from the files that its URL names. */
import { readFile } from 'node:fs/promises'
import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import type { TlsWanted } from './address.ts'

export type TlsFiles = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'checkServerIdentity'>

export type TlsFilesRead =
  | { readonly ok: true; readonly files: TlsFiles | null }
  | { readonly ok: false; readonly says: string }

export async function readTlsFiles(wanted: TlsWanted | null): Promise<TlsFilesRead> {
  if (wanted === null) return { ok: true, files: null }
  const { checks, root, certificate, key } = wanted
  const read: Partial<Record<'ca' | 'cert' | 'key', string>> = {}
  for (const [name, path] of [
    ['ca', root],
    ['cert', certificate],
    ['key', key],
  ] as const) {
    if (path === undefined) continue
    try {
      read[name] = await readFile(path, 'utf8')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      return { ok: false, says: `Cannot read ${path}, which the URL of the database names: ${code}.` }
    }
  }
  return {
    ok: true,
    files: {
      ...read,
      rejectUnauthorized: checks !== 'nothing',
      checkServerIdentity: checks === 'name' ? checkServerIdentity : () => undefined,
    },
  }
}
