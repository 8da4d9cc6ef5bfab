import { expect, test } from 'vitest'
import { hostOf } from './simulated-host.ts'
import { simulatedWorld } from './simulated-world.ts'
import { sampleFacts } from '../survey/sample-facts.ts'
import { samplePhpLocation, sampleSite } from '../survey/sample-sites.ts'
import { leastPatienceMs, logEnds, newTraffic, trafficBefore } from './traffic.ts'

const nowMs = Date.parse('2026-11-21T03:10:00.000Z')
const path = '/var/log/nginx/access.log'
const line = (time: string, status: number) =>
  `192.0.2.1 - - [21/Nov/2026:${time} +0000] "GET / HTTP/1.1" ${status} 12 "-" "curl"\n`

function hostWithLog(text: string) {
  const world = simulatedWorld(nowMs)
  const set = (to: string) => world.files.set(path, { ...world.files.get(path)!, bytes: Buffer.from(to) })
  set(text)
  return { host: hostOf(world), set }
}

test('the level before is that of the last ten minutes', async () => {
  const { host } = hostWithLog(
    line('02:00:00', 502) + line('03:05:00', 200) + line('03:06:00', 502) + line('03:07:00', 404),
  )
  expect(await trafficBefore(host, [path])).toEqual({ requests: 3, serverErrors: 1 })
})

test('only what was logged since is counted, each line once, and a line only when it is whole', async () => {
  const { host, set } = hostWithLog(line('03:05:00', 502))
  const start = await logEnds(host, [path])
  const half = line('03:10:02', 503)
  set(line('03:05:00', 502) + line('03:10:01', 200) + half.slice(0, 40))
  const first = await newTraffic(host, start)
  expect(first.traffic).toEqual({ requests: 1, serverErrors: 0 })
  set(line('03:05:00', 502) + line('03:10:01', 200) + half)
  expect((await newTraffic(host, first.ends)).traffic).toEqual({ requests: 1, serverErrors: 1 })
})

test('a 504 counts only once nobody can have waited for it since before', async () => {
  const { host } = hostWithLog(line('03:10:58', 504) + line('03:10:59', 502) + line('03:10:59', 504))
  const since = new Map([[path, 0]])
  expect((await newTraffic(host, since, nowMs + 59_000)).traffic).toEqual({ requests: 2, serverErrors: 2 })
  expect((await newTraffic(host, since, nowMs + 60_000)).traffic).toEqual({ requests: 1, serverErrors: 1 })
})

test('nginx is patient for as long as its shortest limit; where that cannot be told, not at all', () => {
  const patience = (...texts: readonly string[]) => {
    const sites = texts.map((text) =>
      sampleSite({ phpLocations: [samplePhpLocation({ sendTimeout: { text, at: null } })] }),
    )
    return leastPatienceMs(sampleFacts({ sites }), ['php8.2-fpm'])
  }
  expect(patience('75s')).toBe(60_000)
  expect(patience('75s', '1500ms')).toBe(1500)
  expect(patience('$limit')).toBe(0)
  expect(patience()).toBe(0)
})

test('a log that was rotated is read from its new beginning', async () => {
  const { host, set } = hostWithLog(line('03:05:00', 502).repeat(50))
  const start = await logEnds(host, [path])
  set(line('03:10:01', 500))
  const rotated = {
    ...host,
    readFrom: async (file: string, offset: number, limit: number) =>
      offset > 100
        ? ({ ok: false, why: 'missing', says: 'it became shorter' } as const)
        : host.readFrom(file, offset, limit),
  }
  expect((await newTraffic(rotated, start)).traffic).toEqual({ requests: 1, serverErrors: 1 })
})

test('a log that cannot be read counts as silence', async () => {
  const { host } = hostWithLog('')
  expect(await trafficBefore(host, ['/nowhere.log'])).toEqual({ requests: 0, serverErrors: 0 })
  expect((await newTraffic(host, await logEnds(host, ['/nowhere.log']))).traffic).toEqual({
    requests: 0,
    serverErrors: 0,
  })
})
