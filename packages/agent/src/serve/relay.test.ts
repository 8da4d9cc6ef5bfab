import { duplexPair, type Duplex } from 'node:stream'
import { memoryChannels, Peer, problemOf, streamChannel } from '@fleetmend/shared'
import { initTRPC, tracked } from '@trpc/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { relayTo } from './relay.ts'

const t = initTRPC.create()

/** Calls that say who was there and what became of them. */
function world() {
  const cancelled = Promise.withResolvers<string>()
  const router = t.router({
    greet: t.procedure.query(() => 'good evening'),
    wait: t.procedure.query(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            cancelled.resolve('wait')
            reject(new Error('cancelled'))
          })
        }),
    ),
    count: t.procedure.subscription(async function* () {
      for (let n = 1; n <= 3; n++) yield tracked(String(n), n)
    }),
  })
  let opened = 0
  const answering: Duplex[] = []
  const open = (): Promise<Duplex> => {
    opened++
    const [ours, theirs] = duplexPair()
    answering.push(theirs)
    void new Peer(streamChannel(theirs), { router })
    return Promise.resolve(ours)
  }
  return { open, answering, opened: () => opened, cancelled: cancelled.promise }
}

/** Two peers on a line; the calls of the second are relayed. */
function line(open: () => Promise<Duplex>) {
  const [near, far] = memoryChannels()
  const caller = new Peer(near)
  const relaying = new Peer(far, { answeredBy: relayTo({ open }) })
  onTestFinished(() => {
    caller.close()
    relaying.close()
  })
  return caller
}

describe('a relay', () => {
  test('opens no stream before the first call, and one for all of them', async () => {
    const { open, opened } = world()
    const caller = line(open)
    expect(opened()).toBe(0)
    expect(await Promise.all([caller.query('greet'), caller.query('greet')])).toEqual(['good evening', 'good evening'])
    expect(opened()).toBe(1)
  })

  test('hands on every event of a subscription and its end', async () => {
    const { open } = world()
    const caller = line(open)
    const events: unknown[] = []
    await new Promise<void>((resolve, reject) => {
      caller.subscription('count', undefined, {
        onData: (event) => events.push(event),
        onComplete: resolve,
        onError: reject,
      })
    })
    expect(events).toEqual([1, 2, 3].map((n) => ({ id: String(n), data: n })))
  })

  test('what the caller cancels is cancelled where it runs', async () => {
    const { open, cancelled } = world()
    const caller = line(open)
    const giveUp = new AbortController()
    const call = caller.query('wait', undefined, { signal: giveUp.signal })
    call.catch(() => undefined)
    await caller.query('greet')
    giveUp.abort()
    expect(await cancelled).toBe('wait')
    await expect(call).rejects.toThrow(/./)
  })

  test('when the line ends, so does what it asked for', async () => {
    const { open, cancelled } = world()
    const caller = line(open)
    caller.query('wait').catch(() => undefined)
    await caller.query('greet')
    caller.close()
    expect(await cancelled).toBe('wait')
  })

  test('what answers may die: its callers are told, and the next call finds another', async () => {
    const { open, answering, opened } = world()
    const caller = line(open)
    const call = caller.query('wait')
    call.catch(() => undefined)
    await caller.query('greet')
    answering[0]?.destroy()
    const failure: unknown = await call.catch((error: unknown) => error)
    expect(problemOf(failure).detail).toMatch(/^This host stopped answering before it was done: .*history/)
    expect(await caller.query('greet')).toBe('good evening')
    expect(opened()).toBe(2)
  })

  test('what cannot be opened is told to its caller, and tried again for the next', async () => {
    const { open } = world()
    let refusals = 1
    const caller = line(() => (refusals-- > 0 ? Promise.reject(new Error('no memory')) : open()))
    const failure: unknown = await caller.query('greet').catch((error: unknown) => error)
    expect(problemOf(failure).detail).toContain('no memory')
    expect(await caller.query('greet')).toBe('good evening')
  })
})
