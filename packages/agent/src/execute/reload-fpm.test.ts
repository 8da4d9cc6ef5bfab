import { describe, expect, test } from 'vitest'
import type { Host } from '../host/host.ts'
import { freezeLimits, reloadFpm } from './reload-fpm.ts'
import type { BeforeReload } from './reload-evidence.ts'
import { dieFpm } from './simulated-fpm.ts'
import { hostOf, poolAfter, simulatedWorld, type SimulatedHost, type World } from './simulated-host.ts'

const poolPath = '/etc/php/8.2/fpm/pool.d/www.conf'
const nowMs = Date.parse('2026-11-21T03:10:00.000Z')

function reload(host: Host, deadlineMs = 20_000) {
  const told: string[] = []
  const freezing: BeforeReload[] = []
  return reloadFpm(host, {
    service: 'php8.2-fpm',
    deadlineMs,
    frozen: async (before) => {
      told.push('frozen')
      freezing.push(before)
    },
    thawed: async () => void told.push('thawed'),
  }).then((reloaded) => ({ ...reloaded, told, freezing }))
}

const write = (world: World, text: string) =>
  world.files.set(poolPath, { ...world.files.get(poolPath)!, bytes: Buffer.from(text) })
const pool = (world: World) => Buffer.from(world.files.get(poolPath)!.bytes).toString()
const withoutPids = (deeds: readonly string[]) => deeds.map((deed) => deed.replace(/ \d+$/, ''))

describe('a reload', () => {
  test('freezes the master, lets every worker end, and wakes it to load: in this order', async () => {
    const world = simulatedWorld(nowMs)
    const host = hostOf(world)
    write(world, poolAfter)
    expect(await reload(host)).toMatchObject({ came: 'did', told: ['frozen', 'thawed'] })
    expect(withoutPids(host.deeds)).toEqual(['guard', 'SIGSTOP', 'SIGQUIT', 'SIGQUIT', 'SIGUSR2'])
    expect(world.fpm).toMatchObject({ loaded: poolAfter, lostRequests: 0, master: { state: 'S' } })
  })

  test('waits for a request in flight and loses none', async () => {
    const world = simulatedWorld(nowMs)
    world.fpm.workers[0]!.busyUntilMs = nowMs + 6000
    expect(await reload(hostOf(world))).toMatchObject({ came: 'did' })
    expect(world.fpm.nowMs - nowMs).toBeGreaterThanOrEqual(6000)
    expect(world.fpm.lostRequests).toBe(0)
  })

  test('lets go at the deadline, names who held it, and loses nothing', async () => {
    const world = simulatedWorld(nowMs)
    const [slow] = world.fpm.workers
    slow!.busyUntilMs = nowMs + 60_000
    const host = hostOf(world)
    const { loaded } = world.fpm
    const reloaded = await reload(host, 3000)
    expect(reloaded).toMatchObject({ came: 'let-go', told: ['frozen', 'thawed'] })
    expect(reloaded.says).toContain(`after 3 s a request still ran in process ${slow!.pid} (pool www, state S`)
    expect(withoutPids(host.deeds)).not.toContain('SIGUSR2')
    expect(world.fpm).toMatchObject({ loaded, lostRequests: 0, master: { state: 'S' } })
    expect(world.fpm.nowMs - nowMs).toBeLessThan(3200)
  })

  test('is not begun with a configuration that would kill the master', async () => {
    const world = simulatedWorld(nowMs)
    write(world, `${poolAfter}unknown_directive = 1\n`)
    const host = hostOf(world)
    expect(await reload(host)).toMatchObject({
      came: 'let-go',
      told: [],
      says: expect.stringContaining('unknown_directive'),
    })
    expect(host.deeds).toEqual([])
  })

  test('is not begun with one that passes -t and would still kill it', async () => {
    const world = simulatedWorld(nowMs)
    write(world, poolAfter.replace('/run/php/', 'unix:/run/php/'))
    const host = hostOf(world)
    expect(await reload(host)).toMatchObject({
      came: 'let-go',
      says: expect.stringContaining('the master would die on reading this'),
    })
    expect(host.deeds).toEqual([])
  })

  test('of a service that is down is not begun', async () => {
    const world = simulatedWorld(nowMs)
    dieFpm(world.fpm, 'signal')
    expect(await reload(hostOf(world))).toMatchObject({
      came: 'let-go',
      says: expect.stringContaining('php8.2-fpm is failed'),
    })
  })

  test('of a master that somebody else has stopped is not begun', async () => {
    const world = simulatedWorld(nowMs)
    world.fpm.master.state = 'T'
    expect(await reload(hostOf(world))).toMatchObject({
      came: 'let-go',
      says: expect.stringContaining('somebody else has stopped'),
    })
  })

  test('of pools without a worker proves itself by the log', async () => {
    const world = simulatedWorld(nowMs)
    write(world, pool(world).replace('pm = static', 'pm = ondemand'))
    world.fpm.workers = []
    const host = hostOf(world)
    expect(await reload(host)).toMatchObject({ came: 'did' })
    expect(withoutPids(host.deeds)).toEqual(['guard', 'SIGSTOP', 'SIGUSR2'])
  })

  test('remembers on disk who was there, before the master is stopped', async () => {
    const world = simulatedWorld(nowMs)
    const workers = world.fpm.workers.map(({ pid, startTicks }) => ({ pid, startTicks }))
    const { pid, startTicks } = world.fpm.master
    const offset = world.fpm.log.length
    expect((await reload(hostOf(world))).freezing).toMatchObject([
      { master: { pid, startTicks }, workers, log: { path: world.fpm.logPath, offset } },
    ])
  })

  test('that kills the master is a failure, not a success', async () => {
    const world = simulatedWorld(nowMs)
    const host: SimulatedHost = { ...hostOf(world) }
    const dying: Host = {
      ...host,
      signal: async (process, signal) =>
        signal === 'SIGUSR2' ? (dieFpm(world.fpm, 'exit-code'), { ok: true }) : host.signal(process, signal),
    }
    expect(await reload(dying)).toMatchObject({
      came: 'failed',
      says: expect.stringMatching(/died on reading its configuration; php8.2-fpm is failed \(result exit-code/),
    })
  })

  test('that leaves no sign of life is not believed', async () => {
    const world = simulatedWorld(nowMs)
    const host = hostOf(world)
    const deaf: Host = {
      ...host,
      signal: async (process, signal) => (signal === 'SIGUSR2' ? { ok: true } : host.signal(process, signal)),
    }
    expect(await reload(deaf)).toMatchObject({
      came: 'failed',
      says: expect.stringContaining('nothing showed that it serves again'),
    })
    expect(world.fpm.lostRequests).toBe(0)
  })
})

describe('how long a master may stand still', () => {
  test.each([
    { what: 'without a watchdog: as long as asked', deadlineMs: 20_000, watchdogUs: null, drainMs: 20_000 },
    { what: 'with one that is off: as long as asked', deadlineMs: 20_000, watchdogUs: 0, drainMs: 20_000 },
    { what: 'less than half of WatchdogSec', deadlineMs: 20_000, watchdogUs: 30_000_000, drainMs: 11_250 },
    { what: 'no longer than asked', deadlineMs: 5000, watchdogUs: 30_000_000, drainMs: 5000 },
  ])('$what', ({ deadlineMs, watchdogUs, drainMs }) => {
    const limits = freezeLimits(deadlineMs, watchdogUs)
    expect(limits?.drainMs).toBe(drainMs)
    expect(limits?.guardMs).toBeGreaterThan(drainMs)
    expect(limits?.guardMs).toBeLessThan(watchdogUs ? watchdogUs / 2000 : Number.POSITIVE_INFINITY)
  })

  test('not at all when the watchdog is too quick', () => {
    expect(freezeLimits(20_000, 500_000)).toBeNull()
  })
})
