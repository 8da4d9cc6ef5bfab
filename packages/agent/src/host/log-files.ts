/** Reading logs: plain files only, one log at a time in this process, and never more of it than is asked for. */
import { createGunzip } from 'node:zlib'
import { inTurn } from '@fleetmend/shared/in-turn'
import { failedRead } from './errno.ts'
import { fileFacts, withFile } from './files.ts'
import type { OpenLog, Read } from './host.ts'

export async function withLog<T>(path: string, use: (log: OpenLog) => Promise<T>): Promise<Read<T>> {
  return oneAtATime(() =>
    withFile(path, async (file) => {
      const facts = fileFacts(await file.stat())
      if (facts.kind !== 'file') return { ok: false, why: 'failed', says: notPlain(facts.kind) }
      const read: OpenLog['read'] = async (offset, bytes) => {
        const block = Buffer.alloc(Math.max(0, Math.min(bytes, facts.sizeBytes - offset)))
        let length = 0
        while (length < block.length) {
          const { bytesRead } = await file.read(block, length, block.length - length, offset + length)
          if (bytesRead === 0) break
          length += bytesRead
        }
        return block.subarray(0, length)
      }
      return { ok: true, value: await use({ facts, read }) }
    }),
  )
}

/**
 * gzip can only be read from its beginning: all of it is unpacked, block by block, and only the end is kept. What
 * unpacks to more than the limit, and be it a few bytes that were made for it, is given up.
 */
export async function readGzipEnd(
  path: string,
  { keepBytes, limitBytes }: { readonly keepBytes: number; readonly limitBytes: number },
): Promise<Read<{ readonly bytes: Uint8Array; readonly isWhole: boolean }>> {
  return oneAtATime(() =>
    withFile(path, async (file) => {
      const { kind, sizeBytes } = fileFacts(await file.stat())
      if (kind !== 'file') return { ok: false, why: 'failed', says: notPlain(kind) }
      const tooBig = { ok: false, why: 'too-big', says: `it unpacks to more than ${limitBytes} bytes` } as const
      // Many empty members in a row would unpack to nothing for ever.
      if (sizeBytes > limitBytes) return tooBig
      const packed = file.createReadStream({ autoClose: false })
      const unpacked = createGunzip()
      packed.on('error', (error) => unpacked.destroy(error)).pipe(unpacked)
      const end: Buffer[] = []
      let [total, kept] = [0, 0]
      try {
        for await (const chunk of unpacked as AsyncIterable<Buffer>) {
          total += chunk.length
          if (total > limitBytes) return tooBig
          end.push(chunk)
          kept += chunk.length
          while (kept - (end[0]?.length ?? 0) >= keepBytes) kept -= end.shift()?.length ?? 0
        }
      } catch (error) {
        return failedRead(error)
      } finally {
        packed.destroy()
      }
      const bytes = Buffer.concat(end)
      return {
        ok: true,
        value: { bytes: bytes.subarray(Math.max(0, bytes.length - keepBytes)), isWhole: total <= keepBytes },
      }
    }),
  )
}

function notPlain(kind: string): string {
  return kind === 'directory' ? 'a directory' : 'not a plain file'
}

const oneAtATime = inTurn()
