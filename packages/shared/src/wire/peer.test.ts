import { describe, expect, test } from 'vitest'
import { lines } from '../../test/lines.ts'
import { attach, failureOf, peersOn, turns } from '../../test/peers.ts'
import { trial, type TrialRouter } from '../../test/trial-router.ts'
import { callFailureOf, isConnectionLost, outcomeIsUnknown } from './call-failure.ts'
import { PRESSURE_MARK_BYTES } from './channel.ts'
import { clientOver } from './client-over.ts'
import { Peer } from './peer.ts'
import { problemOf } from './problem-error.ts'

describe.each(Object.entries(lines))('over %s', (_name, openLine) => {
  test('a query and a mutation are answered, whatever their values are', async () => {
    await using line = await openLine()
    const { client } = peersOn(line)
    const value = { text: 'Grüße \u0000 \u2028 𝄞', list: [1, null, { deep: [true] }], none: null }
    await expect(client.echo.query(value)).resolves.toEqual(value)
    await expect(client.echo.query(undefined)).resolves.toBeUndefined()
    await expect(client.add.mutate({ a: 1, b: 2 })).resolves.toBe(3)
  })

  test('a hundred calls at once are all answered, each with its own answer', async () => {
    await using line = await openLine()
    const { client } = peersOn(line)
    const asked = Array.from({ length: 100 }, (_, n) => n)
    await expect(Promise.all(asked.map((n) => client.echo.query(n)))).resolves.toEqual(asked)
  })

  test('a subscription delivers its events in order with their ids, and ends', async () => {
    await using line = await openLine()
    const { client } = peersOn(line)
    const seen: unknown[] = []
    for await (const event of client.count.subscribe({ to: 3 })) seen.push(event)
    expect(seen).toEqual([
      { id: '1', data: { n: 1 } },
      { id: '2', data: { n: 2 } },
      { id: '3', data: { n: 3 } },
    ])
  })

  test('a subscription that was cut is resumed after the last event that was seen, losing and repeating none', async () => {
    const seen: number[] = []
    const failures: unknown[] = []
    let lastEventId: string | undefined
    for (const stopAt of [4, 7, 10]) {
      await using line = await openLine()
      const { client } = peersOn(line)
      try {
        for await (const event of client.count.subscribe({
          to: 10,
          ...(lastEventId === undefined ? {} : { lastEventId }),
        })) {
          seen.push(event.data.n)
          lastEventId = event.id
          if (event.data.n === stopAt) line.cut()
          if (event.data.n >= stopAt) break
        }
      } catch (error) {
        failures.push(error)
      }
    }
    expect(failures.every(isConnectionLost)).toBe(true)
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  test.each(['heldQuery', 'heldMutation'] as const)('an aborted %s is cancelled on the other side', async (name) => {
    await using line = await openLine()
    const { client, trial } = peersOn(line)
    const abort = new AbortController()
    const options = { signal: abort.signal }
    const call =
      name === 'heldQuery' ? client.heldQuery.query('it', options) : client.heldMutation.mutate('it', options)
    const failed = failureOf(call)
    await trial.until('it began')
    abort.abort()
    const error = await failed
    expect(callFailureOf(error)?.reason).toBe('cancelled')
    expect(outcomeIsUnknown(error)).toBe(true)
    await trial.until('it was cancelled')
    expect(trial.log).toEqual(['it began', 'it was cancelled'])
    await expect(client.echo.query('still there')).resolves.toBe('still there')
  })

  test('a subscription that its caller leaves ends on the other side', async () => {
    await using line = await openLine()
    const { client, trial } = peersOn(line)
    for await (const event of client.watch.subscribe('fpm')) {
      expect(event).toBe('fpm is here')
      break
    }
    await trial.until('fpm was left')
  })

  test('a lost connection rejects what is pending as "outcome unknown" and cancels what runs', async () => {
    await using line = await openLine()
    const { client, trial, caller, server } = peersOn(line)
    const mutation = failureOf(client.heldMutation.mutate('restart'))
    const ended = new Promise((resolve) => {
      client.watch.subscribe('fpm', { onError: resolve, onData: () => {} })
    })
    await trial.until('restart began')
    await trial.until('fpm began')
    line.cut()
    for (const error of [await mutation, await ended]) {
      expect(isConnectionLost(error)).toBe(true)
      expect(outcomeIsUnknown(error)).toBe(true)
      expect(problemOf(error)).toMatchObject({ code: 'unreachable', detail: expect.stringContaining('is not known') })
    }
    await trial.until('restart was cancelled')
    await trial.until('fpm was left')
    expect(caller.open).toBe(false)
    expect((await server.ended).by).not.toBe('us')
  })

  test('a call over a connection that is gone fails at once, and is known not to have been done', async () => {
    await using line = await openLine()
    const { client, caller, server } = peersOn(line)
    server.close()
    await expect(caller.ended).resolves.toEqual({ by: 'them', problem: null })
    const error = await failureOf(client.add.mutate({ a: 1, b: 1 }))
    expect(callFailureOf(error)?.reason).toBe('not-connected')
    expect(outcomeIsUnknown(error)).toBe(false)
  })

  test('a fast subscription waits for a slow reader: little more than the mark is ever queued', async () => {
    await using line = await openLine()
    const eventBytes = 64 * 1024
    const { client, trial } = peersOn({ ...line, left: line.right, right: line.left })
    line.pauseRight()
    let received = 0
    const subscription = client.flood.subscribe(eventBytes, { onData: () => received++ })
    await turns(300)
    const stalledAt = trial.log.length
    await turns(300)
    // It stands still: the bound below is not just a slow machine.
    expect(trial.log.length).toBe(stalledAt)
    expect(line.left.queuedBytes).toBeLessThanOrEqual(PRESSURE_MARK_BYTES + 2 * eventBytes)
    expect(stalledAt).toBeGreaterThan(10)

    line.resumeRight()
    await trial.until(`flood ${stalledAt + 50}`)
    expect(received).toBeGreaterThan(0)
    subscription.unsubscribe()
    await trial.until('flood was left')
  })

  test('a generator that never waits leaves other calls their turn', async () => {
    await using line = await openLine()
    const { client, trial } = peersOn(line)
    const subscription = client.flood.subscribe(10, { onData: () => {} })
    await trial.until('flood 10')
    await expect(client.echo.query('me too')).resolves.toBe('me too')
    subscription.unsubscribe()
    await trial.until('flood was left')
  })

  test('both ends serve and call at once on one channel', async () => {
    await using line = await openLine()
    const left = trial()
    const right = trial()
    const peers = [attach(line.left, { router: left.router }), attach(line.right, { router: right.router })] as const
    const clients = peers.map((peer) => clientOver<TrialRouter>(peer))
    const answers = await Promise.all(
      clients.flatMap((client, side) => Array.from({ length: 50 }, (_, n) => client.echo.query(`${side}-${n}`))),
    )
    expect(answers).toEqual([0, 1].flatMap((side) => Array.from({ length: 50 }, (_, n) => `${side}-${n}`)))
    expect(peers.map((peer) => peer.open)).toEqual([true, true])
  })

  test('an answer that is too big fails alone', async () => {
    await using line = await openLine()
    const { client } = peersOn(line, { server: { limits: { maxFrameBytes: 10_000 } } })
    const [big, fine] = await Promise.allSettled([client.big.query(10_000), client.echo.query('fine')])
    expect(big).toMatchObject({ status: 'rejected', reason: { data: { code: 'PAYLOAD_TOO_LARGE' } } })
    expect(big.status === 'rejected' && problemOf(big.reason).code).toBe('too-big')
    expect(fine).toEqual({ status: 'fulfilled', value: 'fine' })
  })

  test('a malformed frame closes the connection, and both sides say why', async () => {
    await using line = await openLine()
    const server = new Peer(line.right, { router: trial().router })
    const received: string[] = []
    const closed = Promise.withResolvers<void>()
    line.left.listen({
      message: (text) => received.push(text),
      garbled: (says) => received.push(says),
      close: () => closed.resolve(),
    })
    line.left.send('{"id":1,"method":"steal"}')
    await closed.promise
    const detail = 'Cannot go on with this connection: a request has an unknown method.'
    await expect(server.ended).resolves.toMatchObject({ by: 'us', problem: { code: 'malformed-frame', detail } })
    expect(received.map((text): unknown => JSON.parse(text))).toEqual([
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32700, message: detail }) }),
    ])
  })

  test.each([
    { name: 'a query is told that it has started', result: { type: 'started' } },
    { name: 'a query is told that it has stopped', result: { type: 'stopped' } },
  ])('an answer that cannot be one ends the connection: $name', async ({ result }) => {
    await using line = await openLine()
    const caller = new Peer(line.left)
    const client = clientOver<TrialRouter>(caller)
    line.right.listen({
      message: () => line.right.send(JSON.stringify({ id: 1, result })),
      garbled: () => {},
      close: () => {},
    })
    const error = await failureOf(client.echo.query(1))
    expect(isConnectionLost(error)).toBe(true)
    await expect(caller.ended).resolves.toMatchObject({ by: 'us', problem: { code: 'malformed-frame' } })
  })

  test('answers to nothing, and to calls that were given up, are ignored', async () => {
    await using line = await openLine()
    const { client } = peersOn(line)
    line.right.send('{"id":99,"result":{"data":1}}')
    line.right.send('{"id":"x","error":{"code":-32603,"message":"late"}}')
    await expect(client.echo.query('fine')).resolves.toBe('fine')
  })

  test('who is told why the other side leaves passes it on to its callers, and answers nothing', async () => {
    await using line = await openLine()
    const { client, caller, trial } = peersOn(line)
    const pending = failureOf(client.heldQuery.query('it'))
    await trial.until('it began')
    line.left.send('no frame')
    expect(problemOf(await pending).detail).toContain('a frame is not JSON')
    await expect(caller.ended).resolves.toMatchObject({ by: 'them', problem: { code: 'malformed-frame' } })
    await trial.until('it was cancelled')
  })
})
