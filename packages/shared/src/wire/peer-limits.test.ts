import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { memoryLine } from '../../test/lines.ts'
import { failureOf, peersOn, turns } from '../../test/peers.ts'
import { trial } from '../../test/trial-router.ts'
import { callFailureOf, isConnectionLost, outcomeIsUnknown } from './call-failure.ts'
import { PRESSURE_MARK_BYTES } from './channel.ts'
import { memoryChannels } from './memory-channel.ts'
import { Peer } from './peer.ts'
import { problemOf } from './problem-error.ts'

test('more calls than run at once wait their turn; more than may wait are refused at once', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line, { server: { limits: { calls: 2, queuedCalls: 3 } } })
  await expect(client.echo.query('idle')).resolves.toBe('idle')
  const calls = Array.from({ length: 7 }, (_, n) => client.heldQuery.query(`call ${n}`))
  const settled = Promise.allSettled(calls)
  await Promise.race(calls).catch(() => {})
  expect(trial.log).toEqual(['call 0 began', 'call 1 began'])
  for (let n = 0; n < 5; n++) {
    await trial.until(`call ${n} began`)
    trial.release()
  }
  const outcomes = await settled
  expect(outcomes.map(({ status }) => status)).toEqual([...Array(5).fill('fulfilled'), 'rejected', 'rejected'])
  const refused = outcomes[5]?.status === 'rejected' ? outcomes[5].reason : null
  expect(refused).toMatchObject({ data: { code: 'TOO_MANY_REQUESTS' } })
  expect(problemOf(refused)).toMatchObject({ code: 'unreachable', detail: expect.stringContaining('Try again later') })
  expect(outcomeIsUnknown(refused)).toBe(false)
})

test('without a queue a call runs when there is a place, and is refused when there is none', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line, { server: { limits: { calls: 1, queuedCalls: 0 } } })
  const held = client.heldQuery.query('it')
  await trial.until('it began')
  await expect(failureOf(client.echo.query(1))).resolves.toMatchObject({ data: { code: 'TOO_MANY_REQUESTS' } })
  trial.release()
  await held
  await expect(client.echo.query(2)).resolves.toBe(2)
})

test('the defaults are 16 calls at once and 1000 in the queue', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line, {})
  const calls = Array.from({ length: 1017 }, (_, n) => failureOf(client.heldQuery.query(`call ${n}`)))
  expect(await calls[1016]).toMatchObject({ data: { code: 'TOO_MANY_REQUESTS' } })
  expect(trial.log).toHaveLength(16)
  line.cut()
  await Promise.all(calls)
})

test('a call that is cancelled while it waits never begins', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line, { server: { limits: { calls: 1 } } })
  const first = client.heldMutation.mutate('first')
  const abort = new AbortController()
  const second = failureOf(client.heldMutation.mutate('second', { signal: abort.signal }))
  const third = client.heldMutation.mutate('third')
  await trial.until('first began')
  abort.abort()
  await second
  // What was sent after the cancellation has arrived, so the cancellation has, too.
  client.watch.subscribe('marker', { onData: () => {} })
  await trial.until('marker began')
  trial.release()
  await first
  await trial.until('third began')
  trial.release()
  await third
  expect(trial.log).toEqual(['first began', 'marker began', 'first ended', 'third began', 'third ended'])
})

test('a call that is cancelled while it waits leaves its place in the queue to another', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line, { server: { limits: { calls: 1, queuedCalls: 1 } } })
  const first = client.heldQuery.query('first')
  await trial.until('first began')
  const abort = new AbortController()
  const second = failureOf(client.heldQuery.query('second', { signal: abort.signal }))
  abort.abort()
  await second
  const third = client.heldQuery.query('third')
  client.watch.subscribe('marker', { onData: () => {} })
  await trial.until('marker began')
  trial.release()
  await first
  await trial.until('third began')
  trial.release()
  await expect(third).resolves.toBe('third ended')
})

test('no call begins while its caller leaves earlier answers unread', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line)
  line.pauseLeft()
  const big = client.big.query(PRESSURE_MARK_BYTES + 1)
  const held = client.heldQuery.query('it')
  const later = new Promise((resolve) => client.watch.subscribe('marker', { onData: resolve }))
  await trial.until('marker began')
  await turns(5)
  const afterwards = client.heldQuery.query('afterwards')
  await turns(20)
  expect(trial.log).not.toContain('afterwards began')
  line.resumeLeft()
  await big
  await later
  await trial.until('afterwards began')
  trial.release()
  trial.release()
  await Promise.all([held, afterwards])
})

test('a subscription that stands still because nobody reads can still be left', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line)
  line.pauseLeft()
  const subscription = client.flood.subscribe(100_000, { onData: () => {} })
  await trial.until('flood 11')
  await turns(20)
  subscription.unsubscribe()
  await trial.until('flood was left')
  expect(line.right.queuedBytes).toBeGreaterThan(PRESSURE_MARK_BYTES)
})

test('a signal that outlives its calls keeps nothing of them', async () => {
  await using line = await memoryLine()
  const { client } = peersOn(line)
  const { signal } = new AbortController()
  for (let n = 0; n < 5; n++) await client.echo.query(n, { signal })
  for await (const event of client.count.subscribe({ to: 2 }, { signal })) expect(event.id).toMatch(/[12]/)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('subscriptions have their own limit and take no place from calls', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line, { server: { limits: { calls: 1, subscriptions: 2 } } })
  const subscribe = (name: string): Promise<unknown> =>
    new Promise((resolve) => client.watch.subscribe(name, { onData: resolve, onError: resolve }))
  await expect(subscribe('one')).resolves.toBe('one is here')
  await expect(subscribe('two')).resolves.toBe('two is here')
  await expect(subscribe('three')).resolves.toMatchObject({ data: { code: 'TOO_MANY_REQUESTS' } })
  await expect(client.echo.query('a call')).resolves.toBe('a call')
  expect(trial.log).toEqual(['one began', 'two began'])
})

test('a call has a deadline, its own or the default, and is then cancelled on the other side', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line, { caller: { limits: { callMs: 20 } } })
  const byDefault = await failureOf(client.heldMutation.mutate('first'))
  expect(callFailureOf(byDefault)?.reason).toBe('timed-out')
  expect(outcomeIsUnknown(byDefault)).toBe(true)
  expect(problemOf(byDefault)).toMatchObject({ code: 'timed-out', detail: expect.stringContaining('heldMutation') })
  await trial.until('first was cancelled')
  const byCall = await failureOf(client.heldMutation.mutate('second', { context: { limitMs: 1 } }))
  expect(callFailureOf(byCall)?.message).toContain('in 1 ms')
  const patient = client.heldMutation.mutate('third', { context: { limitMs: Infinity } })
  await trial.until('third began')
  trial.release()
  trial.release()
  trial.release()
  await expect(patient).resolves.toBe('third ended')
})

test('the deadline of a subscription is only for its start', async () => {
  await using line = await memoryLine()
  const { client, caller } = peersOn(line, { caller: { limits: { callMs: 30 } } })
  const ended = new Promise((resolve, reject) => {
    client.watch.subscribe('fpm', { onError: reject, onComplete: () => resolve('completed') })
  })
  await expect(failureOf(client.heldQuery.query('later'))).resolves.toMatchObject({ cause: { reason: 'timed-out' } })
  caller.close()
  await expect(ended).rejects.toSatisfy(isConnectionLost)
})

test('an input that is too big is refused before it is sent', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line, { caller: { limits: { maxFrameBytes: 1000 } } })
  const error = await failureOf(client.heldQuery.query('€'.repeat(400)))
  expect(problemOf(error).code).toBe('too-big')
  expect(outcomeIsUnknown(error)).toBe(false)
  expect(trial.log).toEqual([])
  // Near the limit the bytes are counted, not guessed.
  const frameBytes = Buffer.byteLength(JSON.stringify({ id: 2, method: 'query', params: { path: 'echo', input: '' } }))
  const room = 1000 - frameBytes
  await expect(client.echo.query('x'.repeat(room))).resolves.toHaveLength(room)
  await expect(failureOf(client.echo.query('x'.repeat(room + 1)))).resolves.toMatchObject({ data: { httpStatus: 413 } })
})

test('an event that is too big ends its subscription and nothing else', async () => {
  await using line = await memoryLine()
  const { client } = peersOn(line, { server: { limits: { maxFrameBytes: 5000 } } })
  const seen: string[] = []
  const failed = await new Promise((resolve) => {
    client.bigEvent.subscribe(5000, {
      onData: (event) => seen.push(event),
      onError: resolve,
      onStopped: () => resolve('stopped'),
    })
  })
  expect(seen).toEqual(['small'])
  expect(problemOf(failed)).toMatchObject({ code: 'too-big' })
  await expect(client.echo.query('fine')).resolves.toBe('fine')
})

test('who asks and never reads is cut off instead of being remembered without bound', async () => {
  const [left, right] = memoryChannels()
  const server = new Peer(right, { router: trial().router, limits: { maxQueuedBytes: 20_000, queuedCalls: 0 } })
  left.listen({ message: () => {}, garbled: () => {}, close: () => {} })
  // The left end takes nothing, so that every refusal stays in the line.
  left.pause()
  for (let n = 0; n < 1000; n++) {
    left.send(JSON.stringify({ id: n, method: 'query', params: { path: 'echo' } }))
  }
  await expect(server.ended).resolves.toMatchObject({
    by: 'network',
    problem: { code: 'unreachable', detail: expect.stringContaining('unread') },
  })
  expect(right.queuedBytes).toBeLessThan(21_000)
})
