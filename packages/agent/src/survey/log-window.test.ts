import { appendFile, copyFile, rename, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { list, stat as factsOf } from '../host/files.ts'
import type { ReadHost } from '../host/host.ts'
import { readGzipEnd, withLog } from '../host/log-files.ts'
import { runTool } from '../host/run-tool.ts'
import { temporaryFolder } from '../host/temporary-folder.ts'
import { nginxErrorStamps } from '../readings/log-stamps.ts'
import { fakeReadHost } from './fake-read-host.ts'
import { readLogWindow, type WantedLog } from './log-window.ts'

const nowMs = Date.parse('2026-11-21T10:00:00Z')
const wanted: WantedLog = {
  stamps: nginxErrorStamps,
  windowMs: 600_000,
  tailBytes: 64 * 1024,
  limitBytes: 256 * 1024,
}

/** Real files; only the time is given. */
const host: ReadHost = { ...fakeReadHost(), nowMs: () => nowMs, withLog, readGzipEnd, list, stat: factsOf }

function line(secondsAgo: number, says: string): string {
  const at = new Date(nowMs - secondsAgo * 1000)
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
  return `${local.replaceAll('-', '/').replace('T', ' ')} [error] 51#51: ${says}\n`
}

const lines = (from: number, to: number, says: string, everyS = 1) =>
  Array.from({ length: Math.ceil((from - to) / everyS) }, (_, i) => line(from - i * everyS, says)).join('')

interface Given {
  readonly [name: string]: { readonly text: string | Uint8Array; readonly secondsAgo?: number }
}

async function read(given: Given) {
  await using folder = await temporaryFolder()
  for (const [name, { text, secondsAgo = 0 }] of Object.entries(given)) {
    await writeFile(folder.at(name), text)
    await utimes(folder.at(name), nowMs / 1000 - secondsAgo, nowMs / 1000 - secondsAgo)
  }
  return await readLogWindow(host, folder.at('error.log'), wanted)
}

/** What the last ten minutes say, each line by its words. */
const wordsOf = (result: Awaited<ReturnType<typeof read>>) =>
  result.ok
    ? [...result.value.text.matchAll(/51#51: (.*)\n/g)].map((match) => match[1]).filter((word) => word !== 'old')
    : result

const live = line(40, 'five') + line(20, 'six')
const first = line(3000, 'old') + line(120, 'three') + line(60, 'four')
const second = line(9000, 'old') + line(500, 'one') + line(300, 'two')

describe('rotated files are read only where the window begins before the log does', () => {
  test.each<{ what: string; given: Given; words: readonly string[] }>([
    {
      what: 'not for a log that is older than the window',
      given: { 'error.log': { text: line(700, 'old') + live }, 'error.log.1': { text: first } },
      words: ['five', 'six'],
    },
    {
      what: 'nor for a log that nobody has written to',
      given: { 'error.log': { text: '', secondsAgo: 700 }, 'error.log.1': { text: first } },
      words: [],
    },
    {
      what: 'for a log that was rotated a minute ago',
      given: { 'error.log': { text: live }, 'error.log.1': { text: first, secondsAgo: 60 } },
      words: ['three', 'four', 'five', 'six'],
    },
    {
      what: 'for one that is empty since',
      given: { 'error.log': { text: '' }, 'error.log.1': { text: first, secondsAgo: 60 } },
      words: ['three', 'four'],
    },
    {
      what: 'for one that has not been made again yet',
      given: { 'error.log.1': { text: first, secondsAgo: 60 } },
      words: ['three', 'four'],
    },
    {
      what: 'for two rotations, the older one packed',
      given: {
        'error.log': { text: live },
        'error.log.1': { text: line(120, 'three') + line(60, 'four'), secondsAgo: 60 },
        'error.log.2.gz': { text: gzipSync(second), secondsAgo: 300 },
        'error.log.3.gz': { text: 'not gzip at all', secondsAgo: 400 },
      },
      words: ['one', 'two', 'three', 'four', 'five', 'six'],
    },
    {
      what: 'by date',
      given: {
        'error.log': { text: live },
        'error.log-20261121': { text: first, secondsAgo: 60 },
        'error.log-20261120.gz': { text: gzipSync(second), secondsAgo: 300 },
      },
      words: ['three', 'four', 'five', 'six'],
    },
    {
      what: 'but not those that were written last before the window',
      given: {
        'error.log': { text: live },
        'error.log.1': { text: first, secondsAgo: 601 },
        'error.log.2': { text: second, secondsAgo: 300 },
      },
      words: ['five', 'six'],
    },
    {
      what: 'nor what only looks like one',
      given: { 'error.log': { text: live }, 'error.log.bak': { text: first }, 'other.log.1': { text: second } },
      words: ['five', 'six'],
    },
  ])('$what', async ({ given, words }) => {
    const result = await read(given)
    expect(wordsOf(result)).toEqual(words)
    expect(result).toMatchObject({ ok: true, value: { missing: null } })
  })

  test.each(['error.log.1', 'error.log.1.gz'])('%s is not read when it is a link or a pipe', async (name) => {
    for (const make of [
      (path: string, to: string) => symlink(to, path),
      (path: string) => runTool({ program: 'mkfifo', args: [path], limitMs: 10_000 }),
    ]) {
      await using folder = await temporaryFolder()
      await writeFile(folder.at('error.log'), live)
      await writeFile(folder.at('secret'), first)
      await make(folder.at(name), folder.at('secret'))
      expect(wordsOf(await readLogWindow(host, folder.at('error.log'), wanted))).toEqual(['five', 'six'])
    }
  })

  test('a log that is not there and never was is missing', async () => {
    expect(await read({})).toMatchObject({ ok: false, why: 'missing' })
  })
})

describe('what does not fit is said', () => {
  const flood = lines(3600, 0, 'flood'.repeat(100))

  test('of a log that is written too fast', async () => {
    const result = await read({ 'error.log': { text: flood } })
    expect(result).toMatchObject({
      ok: true,
      value: {
        missing: {
          says: expect.stringMatching(
            /^only the newest 256 KiB of 3\d\d KiB that would count were read, from \d\d:\d\d:\d\d on$/,
          ),
        },
      },
    })
    const { text = '', missing } = result.ok ? result.value : {}
    expect(text.length).toBeGreaterThan(255 * 1024)
    expect(missing?.ms).toBeGreaterThan(60_000)
    expect(missing?.ms).toBeLessThan(200_000)
  })

  test.each<{ what: string; given: Given; says: RegExp }>([
    {
      what: 'a gzip bomb',
      given: { 'error.log': { text: live }, 'error.log.1.gz': { text: gzipSync(Buffer.alloc(65 * 1024 * 1024)) } },
      says: /^error\.log\.1\.gz: it unpacks to more than 67108864 bytes$/,
    },
    {
      what: 'what another program has packed',
      given: { 'error.log': { text: live }, 'error.log.1.xz': { text: 'xz' } },
      says: /^error\.log\.1\.xz: only gzip can be unpacked, not \.xz$/,
    },
    {
      what: 'a rotated file that is too much',
      given: { 'error.log': { text: live }, 'error.log.1': { text: flood } },
      says: /^only the newest 256 KiB of 3\d\d KiB/,
    },
    {
      what: 'a packed one, of which only the end is kept',
      given: { 'error.log': { text: live }, 'error.log.1.gz': { text: gzipSync(flood) } },
      says: /^only the newest 256 KiB/,
    },
    {
      what: 'one line without an end',
      given: { 'error.log': { text: 'x'.repeat(900_000) } },
      says: /^only the newest 256 KiB of 879 KiB/,
    },
  ])('$what', async ({ given, says }) => {
    const result = await read(given)
    expect(result.ok && result.value.missing?.says).toMatch(says)
    expect(result.ok && result.value.text.length).toBeLessThanOrEqual(256 * 1024)
  })
})

describe('a log that changes while it is read', () => {
  /** Does something when the log, or what was rotated beside it, has been read for the first time. */
  const interrupted = (when: 'read' | 'listed', what: () => Promise<void>): ReadHost => {
    let done = false
    const once = async () => {
      if (!done) await what()
      done = true
    }
    return {
      ...host,
      withLog: (path, use) =>
        withLog(path, async (log) => {
          if (when === 'read') await once()
          return use(log)
        }),
      list: async (path) => {
        if (when === 'listed') await once()
        return list(path)
      },
    }
  }

  test.each(['read', 'listed'] as const)('is read once, and wholly, when it is rotated (%s)', async (when) => {
    await using folder = await temporaryFolder()
    const path = folder.at('error.log')
    await writeFile(path, live)
    const rotating = interrupted(when, async () => {
      await rename(path, folder.at('error.log.1'))
      await writeFile(path, line(1, 'seven'))
    })
    // What is written after it was opened is nobody's.
    expect(wordsOf(await readLogWindow(rotating, path, wanted))).toEqual(['five', 'six'])
  })

  test.each(['read', 'listed'] as const)('is read once when it is copied and emptied (%s)', async (when) => {
    await using folder = await temporaryFolder()
    const path = folder.at('error.log')
    await writeFile(path, live)
    const rotating = interrupted(when, async () => {
      await copyFile(path, folder.at('error.log.1'))
      await truncate(path, 0)
      await appendFile(path, line(1, 'seven'))
    })
    expect(wordsOf(await readLogWindow(rotating, path, wanted))).toEqual(['five', 'six', 'seven'])
  })

  test('again and again is given up', async () => {
    await using folder = await temporaryFolder()
    const path = folder.at('error.log')
    await writeFile(path, live)
    const shrinking: ReadHost = {
      ...host,
      withLog: (each, use) =>
        withLog(each, async (log) => {
          await truncate(each, Math.max(0, (await stat(each)).size - 5))
          return use(log)
        }),
    }
    expect(await readLogWindow(shrinking, path, wanted)).toMatchObject({ ok: false, why: 'failed' })
  })
})
