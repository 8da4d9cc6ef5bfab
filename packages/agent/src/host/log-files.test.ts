import { once } from 'node:events'
import { appendFile, chmod, mkdir, rename, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readGzipEnd, withLog } from './log-files.ts'
import { runTool } from './run-tool.ts'
import { temporaryFolder } from './temporary-folder.ts'

const limits = { keepBytes: 1000, limitBytes: 1_000_000 }

describe('what is no plain file is not read', () => {
  test.each([
    { what: 'nothing', name: 'nothing', why: 'missing', says: 'no such file or directory' },
    { what: 'a directory', name: 'directory', why: 'failed', says: 'a directory' },
    { what: 'a pipe that nobody writes to', name: 'pipe', why: 'failed', says: 'not a plain file' },
    { what: 'a link to a device', name: 'device', why: 'failed', says: 'not a plain file' },
    { what: 'a link to itself', name: 'loop', why: 'failed', says: 'too many links' },
    { what: 'a socket', name: 'socket', why: 'failed', says: undefined },
  ])('$what', async ({ name, why, says }) => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('directory'))
    await symlink('/dev/zero', folder.at('device'))
    await symlink('loop', folder.at('loop'))
    await runTool({ program: 'mkfifo', args: [folder.at('pipe')], limitMs: 10_000 })
    const server = createServer().listen(folder.at('socket'))
    await once(server, 'listening')
    const refusal = { ok: false, why, ...(says !== undefined && { says }) }
    expect(await withLog(folder.at(name), async () => 'read')).toMatchObject(refusal)
    expect(await readGzipEnd(folder.at(name), limits)).toMatchObject(refusal)
    server.close()
  })

  test.skipIf(process.getuid?.() === 0)('a log of someone else', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('log'), 'x')
    await chmod(folder.at('log'), 0o000)
    expect(await withLog(folder.at('log'), async () => 'read')).toMatchObject({ ok: false, why: 'denied' })
  })
})

describe('an open log', () => {
  test('gives the bytes that are asked for, and none beyond the size it had', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('log'), 'one\ntwo\n')
    const read = await withLog(folder.at('log'), async (log) => {
      await appendFile(folder.at('log'), 'three\n')
      const texts = [await log.read(4, 3), await log.read(4, 100), await log.read(8, 100), await log.read(99, 1)]
      return { sizeBytes: log.facts.sizeBytes, texts: texts.map((bytes) => Buffer.from(bytes).toString()) }
    })
    expect(read).toEqual({ ok: true, value: { sizeBytes: 8, texts: ['two', 'two\n', '', ''] } })
  })

  test('stays the same one when it is rotated', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('log'), 'old\n')
    const read = await withLog(folder.at('log'), async (log) => {
      await rename(folder.at('log'), folder.at('log.1'))
      await writeFile(folder.at('log'), 'new\n')
      return Buffer.from(await log.read(0, 10)).toString()
    })
    expect(read).toEqual({ ok: true, value: 'old\n' })
  })

  test('that becomes shorter gives fewer bytes', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('log'), 'a long line\n')
    const read = await withLog(folder.at('log'), async (log) => {
      await truncate(folder.at('log'), 2)
      return (await log.read(0, 12)).length
    })
    expect(read).toEqual({ ok: true, value: 2 })
  })
})

test('one log is read at a time, however many are asked for, and one that fails does not stop the next', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.at('log'), 'x')
  await writeFile(folder.at('log.gz'), gzipSync('x'))
  let [open, most] = [0, 0]
  const reads = Array.from({ length: 8 }, () =>
    withLog(folder.at('log'), async (log) => {
      most = Math.max(most, ++open)
      await log.read(0, 1)
      open--
    }),
  )
  await Promise.all([
    ...reads,
    withLog(folder.at('none'), async () => undefined),
    readGzipEnd(folder.at('log.gz'), limits),
  ])
  expect(most).toBe(1)
})

describe('a gzipped log', () => {
  test.each([
    { what: 'short', text: 'one\ntwo\n', end: 'one\ntwo\n', isWhole: true },
    {
      what: 'longer than what is kept',
      text: 'x'.repeat(5000) + 'y'.repeat(1000),
      end: 'y'.repeat(1000),
      isWhole: false,
    },
    { what: 'empty', text: '', end: '', isWhole: true },
  ])('that is $what is unpacked, and its end kept', async ({ text, end, isWhole }) => {
    await using folder = await temporaryFolder()
    // Two members in one file, as `cat a.gz b.gz` makes it.
    const half = Math.floor(text.length / 2)
    await writeFile(folder.at('log.gz'), Buffer.concat([gzipSync(text.slice(0, half)), gzipSync(text.slice(half))]))
    const read = await readGzipEnd(folder.at('log.gz'), limits)
    expect(read.ok && { end: Buffer.from(read.value.bytes).toString(), isWhole: read.value.isWhole }).toEqual({
      end,
      isWhole,
    })
  })

  test.each([
    {
      what: 'unpacks to a thousand times its size',
      bytes: gzipSync(Buffer.alloc(50_000_000)),
      says: { why: 'too-big', says: 'it unpacks to more than 1000000 bytes' },
    },
    {
      what: 'unpacks to nothing, again and again',
      bytes: Buffer.concat(Array.from({ length: 60_000 }, () => gzipSync(''))),
      says: { why: 'too-big' },
    },
    {
      what: 'is not yet whole',
      bytes: gzipSync('text '.repeat(10_000)).subarray(0, 60),
      says: { why: 'failed', says: 'unexpected end of file' },
    },
    { what: 'is none', bytes: Buffer.from('2026/11/21'), says: { why: 'failed', says: 'incorrect header check' } },
  ])('that $what is given up', async ({ bytes, says }) => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('log.gz'), bytes)
    expect(await readGzipEnd(folder.at('log.gz'), limits)).toMatchObject({ ok: false, ...says })
  })
})
