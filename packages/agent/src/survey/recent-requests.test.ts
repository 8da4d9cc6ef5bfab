import { describe, expect, test } from 'vitest'
import { denied, fakeNowMs, fakeReadHost, type Entry } from './fake-read-host.ts'
import { requestReader } from './recent-requests.ts'

function line(secondsAgo: number, status: number): string {
  const at = new Date(fakeNowMs - secondsAgo * 1000).toISOString()
  return `10.0.0.9 - - [${at.slice(8, 10)}/Nov/2026:${at.slice(11, 19)} +0000] "GET /x HTTP/1.1" ${status} 5 "-" "curl"\n`
}

async function requestsIn(tree: Readonly<Record<string, Entry>>, paths = ['/log/a']) {
  const host = fakeReadHost({ tree })
  const read = await requestReader(host)(paths)
  return read.ok ? { total: read.value.total, byStatus: Object.fromEntries(read.value.byStatus) } : read
}

test.each<{ what: string; tree: Readonly<Record<string, Entry>>; requests: object }>([
  {
    what: 'of the last five minutes are counted',
    tree: { '/log/a': line(400, 500) + line(200, 200) + line(100, 502) + line(1, 200) },
    requests: { total: 3, byStatus: { 200: 2, 502: 1 } },
  },
  {
    what: 'that a rotation has just put aside count, too',
    tree: {
      '/log/a': line(10, 200),
      '/log/a.1': { text: line(400, 500) + line(100, 502), modifiedMs: fakeNowMs - 100_000 },
    },
    requests: { total: 2, byStatus: { 200: 1, 502: 1 } },
  },
  { what: 'of a log that is not there are none', tree: {}, requests: { total: 0, byStatus: {} } },
  { what: 'of a log that may not be read are not known', tree: { '/log/a': denied }, requests: denied },
  {
    what: 'of a format of its own are not known',
    tree: { '/log/a': '{"status":200}\n'.repeat(9) },
    requests: { ok: false, why: 'failed', says: '/log/a is in a format of its own' },
  },
])('requests $what', async ({ tree, requests }) => {
  expect(await requestsIn(tree)).toEqual(requests)
})

test('of a busy site the newest thousand or so stand for all', async () => {
  const busy = Array.from({ length: 300 }, (_, i) => line(300 - i, 200).repeat(40)).join('')
  expect(await requestsIn({ '/log/a': busy })).toMatchObject({ total: Math.floor((128 * 1024) / line(1, 200).length) })
})

describe('of many sites', () => {
  const opened = (tree: Readonly<Record<string, Entry>>) => {
    const host = fakeReadHost({ tree })
    let [times, bytes] = [0, 0]
    const read = requestReader({
      ...host,
      withLog: (path, use) =>
        host.withLog(path, (log) => {
          times++
          bytes += log.facts.sizeBytes
          return use(log)
        }),
    })
    return { read, cost: () => ({ times, bytes }) }
  }

  test('a log that they share is read once', async () => {
    const { read, cost } = opened({ '/log/a': line(400, 200) + line(5, 200) })
    await Promise.all(Array.from({ length: 200 }, () => read(['/log/a'])))
    expect(cost().times).toBe(1)
  })

  test('only so many logs are read', async () => {
    const busy = Array.from({ length: 300 }, (_, i) => line(300 - i, 200).repeat(40)).join('')
    const names = Array.from({ length: 150 }, (_, i) => `/log/${i}`)
    const { read, cost } = opened(Object.fromEntries(names.map((name) => [name, busy])))
    const results = []
    for (const name of names) results.push(await read([name]))
    expect(results.filter(({ ok }) => ok).length).toBe(cost().times)
    expect(cost().times).toBeLessThan(140)
    expect(results.at(-1)).toMatchObject({ ok: false, why: 'too-big' })
  })
})
