import { expect, test } from 'vitest'
import { memoryLine } from '../../test/lines.ts'
import { manualTimers } from '../../test/manual-timers.ts'
import { attach } from '../../test/peers.ts'
import { trial, type TrialRouter } from '../../test/trial-router.ts'
import { isConnectionLost } from './call-failure.ts'
import type { Channel, ChannelListener } from './channel.ts'
import { clientOver } from './client-over.ts'
import { watchLiveness } from './liveness.ts'
import { memoryChannels } from './memory-channel.ts'
import { Peer } from './peer.ts'
import { systemTimers } from './timers.ts'

const limits = { pingMs: 10_000, pongMs: 5_000, callMs: Infinity }
const never = { after: () => () => {}, nowMs: () => 0 }

test('an idle connection is pinged, answers, and stays', async () => {
  await using line = await memoryLine()
  const timers = manualTimers()
  const quiet = new Peer(line.right, { timers: never })
  const peer = new Peer(line.left, { limits, timers })
  await timers.pass(10 * 60_000)
  expect([peer.open, quiet.open]).toEqual([true, true])
  expect(line.right.receivedBytes).toBeGreaterThan('PING'.length * 30)
})

test('a busy connection is never pinged', async () => {
  const [left, right] = memoryChannels()
  const timers = manualTimers()
  const received: string[] = []
  attach(left, { limits, timers })
  right.listen({ message: (text) => received.push(text), garbled: () => {}, close: () => {} })
  for (let n = 0; n < 20; n++) {
    right.send('PONG')
    await timers.pass(9_000)
  }
  expect(received).toEqual([])
})

test('a half-open connection is cut after ping and pong time, and its calls are rejected', async () => {
  const [left, right] = memoryChannels()
  const timers = manualTimers()
  const served = trial()
  attach(right, { router: served.router, timers: never })
  const peer = new Peer(left, { limits, timers })
  const client = clientOver<TrialRouter>(peer)
  const call = client.heldQuery.query('it').then(
    () => null,
    (error: unknown) => error,
  )
  await served.until('it began')
  right.pause()
  await timers.pass(14_000)
  expect(peer.open).toBe(true)
  await timers.pass(2 * limits.pingMs)
  expect(isConnectionLost(await call)).toBe(true)
  await expect(peer.ended).resolves.toMatchObject({
    by: 'network',
    problem: { code: 'unreachable', detail: expect.stringContaining('no sign of life for 15000 ms') },
  })
  expect(timers.set).toBe(0)
})

test('with the real clock a half-open connection is noticed, too', async () => {
  const [left, right] = memoryChannels()
  right.pause()
  const peer = new Peer(left, { limits: { pingMs: 5, pongMs: 5 } })
  await expect(peer.ended).resolves.toMatchObject({ by: 'network' })
})

test('a ping behind queued data waits as long as that moves, and no longer', async () => {
  const timers = manualTimers()
  const channel = slowChannel()
  let dead = false
  watchLiveness({ channel, timers, ...limits, ping: () => channel.queue(4), onDead: () => (dead = true) })
  channel.queue(1000)
  await timers.pass(limits.pingMs)
  // 1004 bytes at 100 bytes per pong time: eleven of them pass before the ping has even left.
  for (let n = 0; n < 10; n++) {
    channel.flush(100)
    await timers.pass(limits.pongMs)
    expect(dead).toBe(false)
  }
  channel.flush(4)
  await timers.pass(limits.pongMs)
  expect(dead).toBe(false)
  await timers.pass(limits.pongMs)
  expect(dead).toBe(true)
})

test('data that is queued after the ping does not keep a dead line alive', async () => {
  const timers = manualTimers()
  const channel = slowChannel()
  let dead = false
  watchLiveness({ channel, timers, ...limits, ping: () => channel.queue(4), onDead: () => (dead = true) })
  await timers.pass(limits.pingMs)
  channel.flush(4)
  for (let n = 0; n < 3; n++) {
    channel.queue(100)
    channel.flush(50)
    await timers.pass(limits.pongMs)
  }
  expect(dead).toBe(true)
})

test('a frame that drips in is life before it is complete', async () => {
  const timers = manualTimers()
  const channel = slowChannel()
  let dead = false
  watchLiveness({ channel, timers, ...limits, ping: () => channel.queue(4), onDead: () => (dead = true) })
  for (let n = 0; n < 100; n++) {
    channel.drip()
    await timers.pass(4_000)
  }
  expect(dead).toBe(false)
})

test('closing leaves no timer behind', async () => {
  await using line = await memoryLine()
  const timers = manualTimers()
  const peer = new Peer(line.left, { limits, timers })
  expect(timers.set).toBe(1)
  peer.close()
  expect(timers.set).toBe(0)
})

test('a limit beyond what setTimeout can count is no limit, instead of one that fires at once', async () => {
  let fired = false
  systemTimers.after(Infinity, () => (fired = true))
  systemTimers.after(2 ** 31, () => (fired = true))
  await new Promise((resolve) => systemTimers.after(5, () => resolve(null)))
  expect(fired).toBe(false)
})

/** A channel of which only the counters matter. */
function slowChannel(): Channel & { queue(bytes: number): void; flush(bytes: number): void; drip(): void } {
  let queuedBytes = 0
  let flushedBytes = 0
  let receivedBytes = 0
  return {
    open: true,
    get queuedBytes() {
      return queuedBytes
    },
    get flushedBytes() {
      return flushedBytes
    },
    get receivedBytes() {
      return receivedBytes
    },
    send() {},
    pressure: () => null,
    listen(_listener: ChannelListener) {},
    close() {},
    queue: (bytes) => void (queuedBytes += bytes),
    flush(bytes) {
      queuedBytes -= bytes
      flushedBytes += bytes
    },
    drip: () => void receivedBytes++,
  }
}
