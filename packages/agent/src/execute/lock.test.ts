import { readFile, readdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { temporaryState } from '../state/temporary-state.ts'
import { lockOwner, takeLock } from './lock.ts'
import { hostOf } from './simulated-host.ts'
import { addAgent, simulatedWorld, type World } from './simulated-world.ts'

const first = { pid: 901, startTicks: 1 }
const second = { pid: 902, startTicks: 2 }

function worldWith(...alive: readonly { readonly pid: number; readonly startTicks: number }[]): World {
  const world = simulatedWorld(Date.parse('2026-11-21T03:10:00.000Z'))
  for (const each of alive) addAgent(world, each)
  return world
}

test('the second is refused, and told who the first is', async () => {
  await using folder = await temporaryState()
  const host = hostOf(worldWith(first, second))
  const held = await takeLock(folder.state, host, first, 'a-1')
  expect(held.ok).toBe(true)
  expect(await takeLock(folder.state, host, second, 'a-2')).toMatchObject({
    ok: false,
    owner: { pid: 901, what: 'a-1', since: '2026-11-21T03:10:00.000Z' },
  })
  expect(await lockOwner(folder.state, host)).toMatchObject({ what: 'a-1' })
})

test('once it is released it can be taken again, and nothing is left lying about', async () => {
  await using folder = await temporaryState()
  const host = hostOf(worldWith(first, second))
  const held = await takeLock(folder.state, host, first, 'a-1')
  if (held.ok) await held.value.release()
  const again = await takeLock(folder.state, host, second, 'a-2')
  expect(again.ok).toBe(true)
  if (again.ok) await again.value.release()
  expect((await readdir(folder.state.root)).toSorted()).toEqual(['applies', 'plans', 'sealed'])
})

test.each([
  { what: 'its owner is gone', owner: first, change: (world: World) => world.agents.delete(first.pid) },
  {
    what: 'another process has its pid by now',
    owner: first,
    change: (world: World) =>
      world.agents.set(first.pid, { ...world.agents.get(second.pid)!, ...first, startTicks: 99 }),
  },
  {
    what: 'its owner is a zombie',
    owner: first,
    change: (world: World) => world.agents.set(first.pid, { ...world.agents.get(first.pid)!, state: 'Z' }),
  },
  {
    what: 'the host was booted since',
    owner: first,
    change: (world: World) =>
      world.files.set('/proc/sys/kernel/random/boot_id', {
        bytes: Buffer.from('another\n'),
        mode: 0o444,
        uid: 0,
        gid: 0,
        modifiedMs: 0,
      }),
  },
])("a lock is nobody's when $what", async ({ owner, change }) => {
  await using folder = await temporaryState()
  const world = worldWith(first, second)
  const host = hostOf(world)
  await takeLock(folder.state, host, owner, 'a-1')
  change(world)
  expect(await lockOwner(folder.state, host)).toBeNull()
  expect((await takeLock(folder.state, host, second, 'a-2')).ok).toBe(true)
})

test("a lock that says nothing is nobody's", async () => {
  await using folder = await temporaryState()
  await writeFile(folder.state.lock, '')
  expect((await takeLock(folder.state, hostOf(worldWith(first)), first, 'a-1')).ok).toBe(true)
})

test('of many who find a dead owner at once, one gets it', async () => {
  await using folder = await temporaryState()
  const many = Array.from({ length: 8 }, (_, index) => ({ pid: 910 + index, startTicks: index }))
  const host = hostOf(worldWith(...many))
  await takeLock(folder.state, host, first, 'a-dead')
  const takings = await Promise.all(many.map((self) => takeLock(folder.state, host, self, `a-${self.pid}`)))
  const mine = await Promise.all(takings.map(async (taking) => taking.ok && (await taking.value.isStillMine())))
  expect(mine.filter(Boolean)).toHaveLength(1)
})

test("whoever lost it does not release the next one's", async () => {
  await using folder = await temporaryState()
  const world = worldWith(first, second)
  const host = hostOf(world)
  const lost = await takeLock(folder.state, host, first, 'a-1')
  world.agents.delete(first.pid)
  await takeLock(folder.state, host, second, 'a-2')
  if (!lost.ok) throw new Error('not taken')
  expect(await lost.value.isStillMine()).toBe(false)
  await lost.value.release()
  expect(JSON.parse(await readFile(folder.state.lock, 'utf8'))).toMatchObject({ what: 'a-2' })
})
