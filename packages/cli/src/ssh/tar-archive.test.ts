import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tarArchive } from './tar-archive.ts'

async function packed(files: Parameters<typeof tarArchive>[0]): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of tarArchive(files)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const file = (name: string, bytes: Uint8Array, mode = 0o644) => ({
  ...{ name, mode, sizeBytes: bytes.length },
  bytes: () => [bytes],
})

test('tar takes apart what is packed here, byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        fc.tuple(
          fc.stringMatching(/^[a-z][\w.-]{0,30}$/),
          fc.uint8Array({ maxLength: 2000 }),
          fc.constantFrom(0o644, 0o755),
        ),
        { selector: ([name]) => name, minLength: 1, maxLength: 4 },
      ),
      async (files) => {
        const folder = mkdtempSync(join(tmpdir(), 'fleetmend-tar-'))
        const input = await packed(files.map(([name, bytes, mode]) => file(name, bytes, mode)))
        const ran = spawnSync('tar', ['-x', '-p', '-f', '-', '-C', folder], { input })
        expect(ran.stderr.toString()).toBe('')
        for (const [name, bytes, mode] of files) {
          expect(readFileSync(join(folder, name))).toEqual(Buffer.from(bytes))
          expect(statSync(join(folder, name)).mode & 0o777).toBe(mode)
        }
        rmSync(folder, { recursive: true })
      },
    ),
    { numRuns: 20 },
  )
})

test('a file that changes while it is read is no archive', async () => {
  await expect(packed([{ ...file('agent.cjs', Buffer.from('abc')), sizeBytes: 4 }])).rejects.toThrow(
    'agent.cjs changed',
  )
})

test.each(['../evil', 'a/b', '', 'n\0l'])('%j is no name', async (name) => {
  await expect(packed([file(name, Buffer.from('abc'))])).rejects.toThrow('This is a bug')
})
