import { describe, expect, test } from 'vitest'
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import { fakeNowMs, fakeReadHost, type Entry, type FakeReadHost } from './fake-read-host.ts'
import { nginxErrors } from './nginx-errors.ts'
import { sampleFpm } from './sample-facts.ts'
import { fpmLine, nginxText } from './sample-lines.ts'

const warning = (secondsAgo: number) =>
  nginxText({
    secondsAgo,
    says: 'FastCGI sent in stderr: "PHP message: PHP Warning: x" while reading response header from upstream',
  })
const reset = (secondsAgo: number) =>
  nginxText({
    secondsAgo,
    says: 'recv() failed (104: Connection reset by peer) while reading response header from upstream',
  })
const flood = (from: number, to: number, perSecond: number) =>
  Array.from({ length: from - to }, (_, i) => warning(from - i).repeat(perSecond)).join('')

/** Every log that is opened, with how much of it was read. */
function counting(host: FakeReadHost) {
  const read = new Map<string, number>()
  const withLog: FakeReadHost['withLog'] = (path, use) =>
    host.withLog(path, (log) => {
      read.set(path, read.get(path) ?? 0)
      return use({
        facts: log.facts,
        read: async (offset, bytes) => {
          const block = await log.read(offset, bytes)
          read.set(path, (read.get(path) ?? 0) + block.length)
          return block
        },
      })
    })
  return { host: { ...host, withLog }, read }
}

const hostWith = (tree: Readonly<Record<string, Entry>>) => counting(fakeReadHost({ tree }))

test('of a log that fits, what is older than what is looked back to is left out', async () => {
  const { host } = hostWith({ '/log/a': warning(700) + warning(601) + reset(590) + warning(3) })
  const { errors, unreadableLogs } = await nginxErrors(host, ['/log/a'], [])
  expect(errors.map(({ kind }) => kind)).toEqual(['reset-before-header', 'php-message'])
  expect(unreadableLogs).toEqual([])
})

test('of a log that is written too fast, what FPM names moments of is found, and the rest said to be missing', async () => {
  const died: FpmLogEntry = fpmLine(
    'WARNING: [pool www] child 201 exited on signal 11 (SIGSEGV) after 3.2 seconds from start',
    400,
  )
  const fpm = sampleFpm({ log: { ok: true, value: { path: '/log/fpm', entries: [died] } } })
  const { host, read } = hostWith({ '/log/a': flood(600, 400, 20) + reset(400) + flood(400, 0, 20) })
  const { errors, unreadableLogs } = await nginxErrors(host, ['/log/a'], [fpm])
  expect(errors.filter(({ kind }) => kind === 'reset-before-header')).toHaveLength(1)
  expect(unreadableLogs).toMatchObject([
    {
      path: '/log/a',
      says: expect.stringMatching(/^only the newest 1 MiB of \d MiB that would count were read, from /),
    },
  ])
  expect(read.get('/log/a')).toBeLessThan(2 * 1024 * 1024)
  expect((await nginxErrors(host, ['/log/a'], [])).errors.some(({ kind }) => kind === 'reset-before-header')).toBe(
    false,
  )
})

describe('a host of many sites', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `/log/${i}`)

  test('that are quiet: their logs are opened, and nothing of them is read', async () => {
    const quiet = { text: warning(9000).repeat(2000), modifiedMs: fakeNowMs - 9_000_000 }
    const { host, read } = hostWith(Object.fromEntries(names(300).map((name) => [name, quiet])))
    await nginxErrors(host, names(300), [])
    expect([...read.values()].reduce((sum, bytes) => sum + bytes, 0)).toBe(0)
  })

  test('that are busy: all together are bounded, the first come first, and the others are named', async () => {
    const busy = flood(600, 0, 8)
    const { host, read } = hostWith(Object.fromEntries(names(40).map((name) => [name, busy])))
    const { errors, unreadableLogs } = await nginxErrors(host, names(40), [])
    expect([...read.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(12 * 1024 * 1024)
    expect(read.has('/log/0')).toBe(true)
    expect(unreadableLogs.at(-1)).toEqual({
      path: expect.stringMatching(/^\/log\/\d+ and \d+ other logs$/),
      says: 'those of other sites are 8 MiB already',
    })
    expect(errors.length).toBeLessThan(50_000)
  })
})
