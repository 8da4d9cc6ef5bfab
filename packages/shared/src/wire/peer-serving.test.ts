import { TRPCClientError } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { describe, expect, test } from 'vitest'
import { memoryLine, type Line } from '../../test/lines.ts'
import { attach, failureOf, peersOn } from '../../test/peers.ts'
import { trial, type TrialRouter } from '../../test/trial-router.ts'
import { clientOver } from './client-over.ts'
import { Peer } from './peer.ts'
import { problemOf } from './problem-error.ts'

describe('errors', () => {
  test('an input that a schema refuses comes back with the fields and the rules', async () => {
    await using line = await memoryLine()
    const { client } = peersOn(line)
    const error = await failureOf(client.add.mutate({ a: 1.5, b: 0, unit: 'KiB', c: 1 } as never))
    expect(error).toBeInstanceOf(TRPCClientError)
    expect(error).toMatchObject({ data: { code: 'BAD_REQUEST', httpStatus: 400, path: 'add' } })
    const { code, detail } = problemOf(error)
    expect(code).toBe('bad-input')
    expect(error).not.toHaveProperty('data.stack')
    expect(detail.split('\n')).toEqual([
      '`a` must be given as a whole number.',
      '`b` must be at least 1.',
      '`unit` must be "MiB" or "ms".',
      'The input has no field "c".',
    ])
  })

  test('a problem that a procedure throws is the problem its caller gets', async () => {
    await using line = await memoryLine()
    const { client } = peersOn(line)
    expect(problemOf(await failureOf(client.stale.mutate()))).toEqual({
      code: 'plan-is-stale',
      title: 'The host changed since this was planned',
      detail: '/etc/php/8.2/fpm/pool.d/www.conf was edited at 03:11.',
    })
    const events = new Promise((resolve) => client.failingEvents.subscribe(undefined, { onError: resolve }))
    expect(problemOf(await events).code).toBe('unknown-apply')
  })

  test.each(['broken', 'unserialisable', 'noStream', 'streamingQuery'] as const)(
    'what is a bug on the other side (%s) is told there in full, and here without a word of it',
    async (name) => {
      await using line = await memoryLine()
      const heard: unknown[] = []
      const received: string[] = []
      const { client } = peersOn(spied(line, received), { server: { onError: (failure) => heard.push(failure) } })
      const error =
        name === 'noStream'
          ? await new Promise((resolve) => client.noStream.subscribe(undefined, { onError: resolve }))
          : await failureOf((client[name] as { query(): Promise<unknown> }).query())
      expect(problemOf(error)).toMatchObject({ code: 'internal', detail: expect.stringContaining('This is a bug.') })
      expect(heard).toEqual([expect.objectContaining({ path: name, error: expect.any(Error) })])
      expect(received.join()).not.toMatch(/hunter2|BigInt|generator|stream\.|stack|node_modules/)
    },
  )

  test('a procedure that does not exist is said to be one, even if JavaScript objects have something of that name', async () => {
    await using line = await memoryLine()
    const { client } = peersOn(line)
    const untyped = client as unknown as Record<string, { query(): Promise<unknown> }>
    for (const name of ['restartEverything', 'constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const error = await failureOf((untyped[name] as { query(): Promise<unknown> }).query())
      expect(error).toMatchObject({ data: { code: 'NOT_FOUND' } })
      expect(problemOf(error).detail).toContain('probably of another version')
    }
  })

  test('a side that serves nothing says so for each call', async () => {
    await using line = await memoryLine()
    attach(line.right)
    const client = clientOver<TrialRouter>(new Peer(line.left))
    expect(problemOf(await failureOf(client.echo.query(1))).detail).toBe('Cannot answer: this side serves no calls.')
  })

  test('a context is made for each call and knows what is called; one that fails is a bug like another', async () => {
    await using line = await memoryLine()
    const asked: string[] = []
    const { client } = peersOn(line, {
      server: {
        createContext: ({ path, type }) => {
          asked.push(`${type} ${path}`)
          if (path === 'echo') throw new Error('no context')
          return { who: 'ana' }
        },
      },
    })
    await expect(client.who.query()).resolves.toBe('ana')
    expect(problemOf(await failureOf(client.echo.query(1))).code).toBe('internal')
    expect(asked).toEqual(['query who', 'query echo'])
  })

  test('a call that is cancelled while its context is made never begins', async () => {
    await using line = await memoryLine()
    const making = Promise.withResolvers<void>()
    const made = Promise.withResolvers<object>()
    const { client, trial } = peersOn(line, {
      server: {
        createContext: ({ path }) => {
          if (path !== 'heldMutation') return {}
          making.resolve()
          return made.promise
        },
      },
    })
    const abort = new AbortController()
    const call = failureOf(client.heldMutation.mutate('restart', { signal: abort.signal }))
    await making.promise
    abort.abort()
    await call
    await client.echo.query('the cancellation has arrived')
    made.resolve({})
    await client.echo.query('whatever could begin has begun')
    expect(trial.log).toEqual([])
  })

  test('an error formatter that throws does not keep a caller waiting', async () => {
    await using line = await memoryLine()
    const t = initTRPC.create({
      errorFormatter() {
        throw new Error('formatter broke')
      },
    })
    attach(line.right, { router: t.router({}) })
    const client = clientOver<TrialRouter>(new Peer(line.left))
    expect(problemOf(await failureOf(client.echo.query(1))).code).toBe('internal')
  })
})

describe('requests with an id in use', () => {
  test('are refused with the connection, since nobody could tell the answers apart', async () => {
    await using line = await memoryLine()
    const served = trial()
    const server = new Peer(line.right, { router: served.router })
    line.left.listen({ message: () => {}, garbled: () => {}, close: () => {} })
    const held = JSON.stringify({ id: 7, method: 'query', params: { path: 'heldQuery', input: 'it' } })
    line.left.send(held)
    line.left.send(held)
    await expect(server.ended).resolves.toMatchObject({
      problem: { detail: 'Cannot go on with this connection: the id of a request is in use.' },
    })
    await served.until('it was cancelled')
  })

  test('are taken once the first was cancelled, although it may still be ending', async () => {
    await using line = await memoryLine()
    const served = trial()
    attach(line.right, { router: served.router })
    const answers: unknown[] = []
    const answered = Promise.withResolvers<void>()
    line.left.listen({
      message: (text) => {
        answers.push(JSON.parse(text))
        answered.resolve()
      },
      garbled: () => {},
      close: () => {},
    })
    line.left.send(JSON.stringify({ id: 7, method: 'query', params: { path: 'heldQuery', input: 'it' } }))
    line.left.send(JSON.stringify({ id: 7, method: 'subscription.stop' }))
    line.left.send(JSON.stringify({ id: 7, method: 'query', params: { path: 'echo', input: 'again' } }))
    await answered.promise
    expect(answers).toEqual([{ id: 7, result: { type: 'data', data: 'again' } }])
  })
})

/** The line, with everything the left end receives written down. */
function spied(line: Line, received: string[]): Line {
  const left = Object.create(line.left) as Line['left']
  left.listen = (listener) =>
    line.left.listen({
      ...listener,
      message(text) {
        received.push(text)
        listener.message(text)
      },
    })
  return { ...line, left }
}
