/** A restart that lets requests in flight finish where it may, and never leaves a service down that was up. */
import { describe, expect, test } from 'vitest'
import { restartService } from './restart-service.ts'
import { dieFpm } from './simulated-fpm.ts'
import { hostOf, type Mishap } from './simulated-host.ts'
import { poolAfter, simulatedWorld, type World } from './simulated-world.ts'

const service = 'php8.2-fpm'
const poolPath = '/etc/php/8.2/fpm/pool.d/www.conf'
const nowMs = Date.parse('2026-11-21T03:10:00.000Z')

async function restart(world: World, finishMs?: number, mishap: Mishap = {}) {
  const told: string[] = []
  const host = hostOf(world, mishap)
  const restarted = await restartService(host, {
    act: { act: 'restart', service, ...(finishMs === undefined ? {} : { finishMs }) },
    frozen: async () => void told.push('frozen'),
    thawed: async () => void told.push('thawed'),
  })
  return { ...restarted, told, deeds: host.deeds.map((deed) => deed.replace(/ \d+$/, '')) }
}

const write = (world: World, text: string) =>
  world.files.set(poolPath, { ...world.files.get(poolPath)!, bytes: Buffer.from(text) })

describe('a restart', () => {
  test('holds the master still, lets workers finish, and leaves waking it to systemd', async () => {
    const world = simulatedWorld(nowMs)
    world.fpm.workers[0]!.busyUntilMs = nowMs + 800
    write(world, poolAfter)
    const done = await restart(world, 5000)
    expect(done).toMatchObject({ came: 'did', told: ['frozen', 'thawed'] })
    expect(done.deeds).toEqual(['guard', 'SIGSTOP', 'SIGQUIT', 'SIGQUIT', `restart ${service}`])
    expect(done.says).toMatch(/2 workers finished what they had first/)
    expect(world.fpm).toMatchObject({ loaded: poolAfter, lostRequests: 0, master: { state: 'S' } })
    expect(world.guard).toBeNull()
  })

  test('cuts off what is not done by then, and says who it was', async () => {
    const world = simulatedWorld(nowMs)
    const [slow] = world.fpm.workers
    slow!.busyUntilMs = nowMs + 60_000
    const { pid } = slow!
    const done = await restart(world, 1000)
    expect(done).toMatchObject({ came: 'did', told: ['frozen', 'thawed'] })
    expect(done.says).toContain(
      `Requests may have been cut off: after 1 s a request still ran, or a client kept its connection, in process ${pid}`,
    )
    expect(world.fpm.lostRequests).toBe(1)
  })

  test('waits for nobody where it is not to', async () => {
    const world = simulatedWorld(nowMs)
    world.fpm.workers[0]!.busyUntilMs = nowMs + 800
    const done = await restart(world)
    expect(done).toMatchObject({ came: 'did', told: [], deeds: [`restart ${service}`] })
    expect(world.fpm.lostRequests).toBe(1)
  })

  test('does not begin with a configuration that is refused', async () => {
    const world = simulatedWorld(nowMs)
    write(world, 'unknown_directive = 1\n')
    expect(await restart(world, 5000)).toMatchObject({ came: 'let-go', deeds: [] })
    expect(world.fpm.isUp).toBe(true)
  })

  test('goes on without holding anything still where nobody would wake it', async () => {
    const world = simulatedWorld(nowMs)
    const done = await restart(world, 5000, { failDeed: 1 })
    expect(done).toMatchObject({ came: 'did', deeds: ['guard', `restart ${service}`] })
    expect(world.fpm.master.state).toBe('S')
  })

  test('that systemd refuses wakes the master again', async () => {
    const world = simulatedWorld(nowMs)
    const done = await restart(world, 5000, { failDeed: 5 })
    expect(done).toMatchObject({ came: 'let-go', told: ['frozen', 'thawed'] })
    expect(world.fpm).toMatchObject({ isUp: true, master: { state: 'S' }, lostRequests: 0 })
  })

  test('of what is down starts it', async () => {
    const world = simulatedWorld(nowMs)
    dieFpm(world.fpm, 'signal')
    expect(await restart(world, 5000)).toMatchObject({ came: 'did', told: [] })
    expect(world.fpm.isUp).toBe(true)
  })
})
