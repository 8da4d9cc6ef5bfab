/** The whole store as one file that a caller takes away, made while the controller goes on with its work. */
import { createHash, randomBytes } from 'node:crypto'
import { open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { problem, type Digest } from '@fleetmend/shared'
import type { Answer } from '../api/controller-service.ts'
import type { Caller } from '../people/caller.ts'
import type { Store } from './open-store.ts'
import { createPrivateFile } from './private-folder.ts'

/** Base64, in order; at last what all of them together must be. */
export type BackupPiece =
  | { readonly bytes: string }
  | { readonly bytes: null; readonly sizeBytes: number; readonly digest: Digest }

export interface BackupService {
  backup(): Promise<Answer<AsyncGenerator<BackupPiece>>>
}

export interface BackupParts {
  /** Of the controller: there it is made, as nobody else can look into it. */
  readonly folder: string
  readonly store: Pick<Store, 'snapshot'>
}

const pieceBytes = 96 * 1024
const unfinished = /^backup-[0-9a-f]{12}\.unfinished(-journal)?$/

export function backupService({ folder, store: { snapshot } }: BackupParts, { powers }: Caller): BackupService {
  return {
    async backup() {
      if (powers.selector !== null)
        return refuse('not-permitted', 'The store is that of the whole fleet, and this token is for a part of it.')
      if (snapshot === null)
        return refuse(
          'not-offered',
          'This controller keeps its store in PostgreSQL, which makes copies while it is used by itself. On a machine with its programs, as the role of the controller:\n    pg_dump --format=custom --file=FILE DATABASE',
        )
      const path = join(folder, `backup-${randomBytes(6).toString('hex')}.unfinished`)
      try {
        await createPrivateFile(path)
        await snapshot(path)
        const file = await open(path)
        return { ok: true, value: piecesOf(file) }
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error
        return refuse(
          'backup-failed',
          `The copy could not be made: ${error.message}. It takes as much room as the store, for a while, in ${folder}.`,
        )
      } finally {
        // Who has it open reads it to its end; what nobody has open takes no room.
        await rm(path, { force: true })
      }
    },
  }
}

/** What a controller was making when it was killed. */
export async function removeUnfinishedBackups(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (unfinished.test(name)) await rm(join(folder, name), { force: true })
}

async function* piecesOf(file: Awaited<ReturnType<typeof open>>): AsyncGenerator<BackupPiece> {
  await using _ = file
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(pieceBytes)
  for (let sizeBytes = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, pieceBytes, sizeBytes)
    if (bytesRead === 0) {
      yield { bytes: null, sizeBytes, digest: `sha256:${hash.digest('hex')}` }
      return
    }
    const bytes = buffer.subarray(0, bytesRead)
    hash.update(bytes)
    sizeBytes += bytesRead
    yield { bytes: bytes.toString('base64') }
  }
}

function refuse(
  code: 'not-permitted' | 'not-offered' | 'backup-failed',
  why: string,
): Extract<Awaited<ReturnType<BackupService['backup']>>, { ok: false }> {
  return { ok: false, problem: problem(code, why) }
}
