import { describe, expect, test } from 'vitest'
import type { Host } from '../host/host.ts'
import { freezeLimits, reloadFpm } from './reload-fpm.ts'
import type { BeforeReload } from './reload-evidence.ts'
import { dieFpm } from './simulated-fpm.ts'
import { hostOf, type SimulatedHost } from './simulated-host.ts'
import { keepConnections, poolAfter, simulatedWorld, type World } from './simulated-world.ts'

const poolPath = '/etc/php/8.2/fpm/pool.d/www.conf'
const nowMs = Date.parse('2026-11-21T03:10:00.000Z')

function reload(host: Host, deadlineMs = 20_000, what: { readonly reloadsNginx?: true } = {}) {
  const told: string[] = []
  const freezing: BeforeReload[] = []
  return reloadFpm(host, {
    service: 'php8.2-fpm',
    deadlineMs,
    ...what,
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
    expect(reloaded.says).toContain(
      `after 3 s a request still ran, or a client kept its connection, in process ${slow!.pid} (pool www, state S`,
    )
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

describe('with connections that nginx keeps', () => {
  const kept = { reloadsNginx: true } as const
  const world = () => {
    const made = simulatedWorld(nowMs)
    keepConnections(made)
    made.fpm.workers[0]!.busyUntilMs = nowMs + 500
    return made
  }

  test('workers stand still until nginx has given them up, and are told to finish before they wake', async () => {
    const at = world()
    const host = hostOf(at)
    expect(await reload(host, 20_000, kept)).toMatchObject({ came: 'did' })
    expect(withoutPids(host.deeds)).toEqual([
      ...['guard', 'SIGSTOP', 'SIGSTOP', 'SIGSTOP', 'SIGHUP', 'SIGQUIT', 'SIGQUIT', 'SIGCONT', 'SIGCONT', 'SIGUSR2'],
    ])
    expect(at.fpm.lostRequests).toBe(0)
  })

  test('a reload that leaves nginx alone waits in vain, and loses what nginx sends to a worker that ends', async () => {
    const at = world()
    expect(await reload(hostOf(at), 3000)).toMatchObject({ came: 'let-go' })
    expect(at.fpm.lostRequests).toBe(1)
  })

  test('nobody is held where nginx refuses its files', async () => {
    const at = world()
    const host = hostOf(at)
    const refusing: Host = {
      ...host,
      ask: async (question) =>
        question.tool === 'nginx-config-test'
          ? { ok: true, value: { exitCode: 1, stdout: '', stderr: 'nginx: [emerg] unknown directive "lisen"\n' } }
          : host.ask(question),
    }
    expect(await reload(refusing, 20_000, kept)).toMatchObject({
      came: 'let-go',
      told: [],
      says: expect.stringContaining('unknown directive "lisen"'),
    })
    expect(host.deeds).toEqual([])
  })

  test.each<{ what: string; signal: Host['signal']; says: string }>([
    { what: 'nginx does not take its reload', signal: async () => ({ ok: true }), says: 'no new worker serves' },
    { what: 'nginx cannot be told', signal: async () => ({ ok: false, says: 'it is gone' }), says: 'it is gone' },
  ])('where $what, all are woken and none was told anything', async ({ signal, says }) => {
    const at = world()
    const host = hostOf(at)
    const deaf: Host = {
      ...host,
      signal: async (to, name) => (name === 'SIGHUP' ? signal(to, name) : host.signal(to, name)),
    }
    const workers = at.fpm.workers.map(({ pid }) => pid)
    expect(await reload(deaf, 3000, kept)).toMatchObject({ came: 'let-go', says: expect.stringContaining(says) })
    expect(at.fpm.workers.map(({ pid, state, quitting }) => ({ pid, state, quitting }))).toEqual(
      workers.map((pid) => ({ pid, state: 'S', quitting: false })),
    )
    expect(at.fpm).toMatchObject({ lostRequests: 0, master: { state: 'S' } })
  })

  test('a worker that does not stand still, because the disk hangs, ends it before nginx is told', async () => {
    const at = world()
    const host = hostOf(at)
    const [stuck] = at.fpm.workers
    const hanging: Host = {
      ...host,
      signal: async (to, name) => (to.pid === stuck?.pid && name === 'SIGSTOP' ? { ok: true } : host.signal(to, name)),
    }
    expect(await reload(hanging, 20_000, kept)).toMatchObject({
      came: 'let-go',
      says: expect.stringContaining(`process ${stuck?.pid} (state S) did not stand still`),
    })
    expect(withoutPids(host.deeds)).not.toContain('SIGHUP')
    expect(at.fpm.workers.map(({ state }) => state)).toEqual(['S', 'S'])
  })
})

describe('with a pool that starts workers on demand', () => {
  /** The one worker it has is busy so long; it may have `max`. */
  function busyFor(ms: number, max = 2) {
    const world = simulatedWorld(nowMs)
    write(
      world,
      pool(world)
        .replace('pm = static', 'pm = ondemand')
        .replace(/max_children = \d+/, `max_children = ${max}`),
    )
    world.fpm.workers = world.fpm.workers.slice(0, 1)
    world.fpm.workers[0]!.busyUntilMs = nowMs + ms
    const host = hostOf(world)
    const asking: Host = {
      ...host,
      fastcgi: async () => ({
        ...{ kind: 'answered', status: 404, headers: {}, body: '', stderr: '' },
        ...{ connectMs: 0, firstByteMs: 0, tookMs: 0 },
      }),
      readFile: async (path, limit) => {
        const worker = world.fpm.workers.find(({ pid }) => path === `/proc/${pid}/syscall`)
        if (!worker) return host.readFile(path, limit)
        const call = worker.busyUntilMs > world.fpm.nowMs ? '0 0x5' : process.arch === 'x64' ? '43 0x0' : '202 0x0'
        return { ok: true, value: Buffer.from(`${call} 0x7ffd\n`) }
      },
    }
    return { world, host, asking }
  }
  const freezes = (deeds: readonly string[], master: number) => deeds.filter((deed) => deed === `SIGSTOP ${master}`)

  test('it begins in a moment in which a worker is idle: woken, the master forks none to kill it', async () => {
    const { world, host, asking } = busyFor(100)
    const master = world.fpm.master.pid
    expect(await reload(asking)).toMatchObject({ came: 'did' })
    expect(freezes(host.deeds, master).length).toBeGreaterThan(1)
    expect(withoutPids(host.deeds).slice(-5)).toEqual(['SIGSTOP', 'SIGSTOP', 'SIGQUIT', 'SIGCONT', 'SIGUSR2'])
    expect(world.fpm).toMatchObject({ lostRequests: 0, master: { state: 'S' } })
  })

  test('nobody is waited for where the pool has all its workers', async () => {
    const { world, host, asking } = busyFor(100, 1)
    const master = world.fpm.master.pid
    expect(await reload(asking)).toMatchObject({ came: 'did' })
    expect(freezes(host.deeds, master)).toHaveLength(1)
  })

  test('one that is never idle is reloaded, too', async () => {
    const { world, asking } = busyFor(8000)
    expect(await reload(asking)).toMatchObject({ came: 'did' })
    expect(world.fpm.lostRequests).toBe(0)
  })

  test('one that nobody can reach has no visitors to fork for', async () => {
    const { world, host, asking } = busyFor(100)
    const master = world.fpm.master.pid
    const deaf: Host = { ...asking, fastcgi: host.fastcgi }
    expect(await reload(deaf)).toMatchObject({ came: 'did' })
    expect(freezes(host.deeds, master)).toHaveLength(1)
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
