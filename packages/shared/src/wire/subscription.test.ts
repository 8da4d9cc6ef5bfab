import { expect, test } from 'vitest'
import { memoryLine } from '../../test/lines.ts'
import { failureOf, peersOn, turns } from '../../test/peers.ts'
import { isConnectionLost } from './call-failure.ts'
import { problemOf } from './problem-error.ts'

test('who loops is told what came before a failure, then the failure, once', async () => {
  await using line = await memoryLine()
  const { client } = peersOn(line)
  const events = client.failingEvents.subscribe()
  await turns(20)
  expect(await events.next()).toEqual({ value: 'one', done: false })
  expect(problemOf(await failureOf(events.next())).code).toBe('unknown-apply')
  expect(await events.next()).toEqual({ value: undefined, done: true })
})

test('a subscription begins when it is asked for, not when somebody loops, and keeps what comes until then', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line)
  const events = client.watch.subscribe('fpm')
  await trial.until('fpm began')
  await turns(20)
  expect(await events.next()).toEqual({ value: 'fpm is here', done: false })
})

test.each(['by the loop', 'by a signal'])(
  'a subscription that is left %s while it waits ends at once, here and there',
  async (by) => {
    await using line = await memoryLine()
    const { client, trial } = peersOn(line)
    const giveUp = new AbortController()
    const events = client.watch.subscribe('fpm', { signal: giveUp.signal })
    await events.next()
    const next = events.next()
    if (by === 'by a signal') giveUp.abort()
    else await events.return?.()
    expect(await next).toEqual({ value: undefined, done: true })
    await trial.until('fpm was left')
  },
)

test('two who ask at once get an event each, in the order in which they asked', async () => {
  await using line = await memoryLine()
  const { client } = peersOn(line)
  const events = client.count.subscribe({ to: 2 })
  expect(await Promise.all([events.next(), events.next(), events.next()])).toMatchObject([
    { value: { id: '1' }, done: false },
    { value: { id: '2' }, done: false },
    { done: true },
  ])
})

test('handlers are told of start, events and end in this order, and nothing once they have left', async () => {
  await using line = await memoryLine()
  const { client, trial } = peersOn(line)
  const told: unknown[] = []
  await new Promise<void>((resolve) => {
    client.count.subscribe(
      { to: 2 },
      {
        onStarted: () => told.push('started'),
        onData: ({ id }) => told.push(id),
        onStopped: () => told.push('stopped'),
        onComplete: () => resolve(void told.push('complete')),
        onError: () => told.push('error'),
      },
    )
  })
  expect(told).toEqual(['started', '1', '2', 'stopped', 'complete'])

  const watch = client.watch.subscribe('fpm', {
    onData: () => told.push('fpm'),
    onComplete: () => told.push('fpm complete'),
  })
  await trial.until('fpm began')
  watch.unsubscribe()
  await trial.until('fpm was left')
  await turns(20)
  expect(told).toHaveLength(5)
})

test('a subscription over a connection that is gone fails for handlers and loops alike', async () => {
  await using line = await memoryLine()
  const { client, caller } = peersOn(line)
  caller.close()
  const told = await new Promise((resolve) => client.watch.subscribe('fpm', { onError: resolve }))
  const thrown = await failureOf(Array.fromAsync(client.watch.subscribe('fpm')))
  for (const error of [told, thrown]) {
    expect(isConnectionLost(error)).toBe(false)
    expect(problemOf(error)).toMatchObject({ code: 'unreachable', detail: expect.stringContaining('no connection') })
  }
})
