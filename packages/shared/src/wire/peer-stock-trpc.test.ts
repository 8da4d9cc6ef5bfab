import { once } from 'node:events'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { webSocketServer } from '../../test/lines.ts'
import { attach, failureOf } from '../../test/peers.ts'
import { trial, type TrialRouter } from '../../test/trial-router.ts'
import { clientOver } from './client-over.ts'
import { Peer } from './peer.ts'
import { problemOf } from './problem-error.ts'
import { webSocketChannel } from './web-socket-channel.ts'

test('a stock client is understood: calls, batches, zod errors, subscriptions that resume', async () => {
  await using serving = await webSocketServer()
  const served = trial()
  const accepted: WebSocket[] = []
  serving.server.on('connection', (ws) => {
    accepted.push(ws)
    attach(webSocketChannel(ws), { router: served.router })
  })
  const ws = createWSClient({
    url: serving.url,
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    retryDelayMs: () => 1,
    keepAlive: { enabled: true, intervalMs: 5, pongTimeoutMs: 5_000 },
  })
  const client = createTRPCClient<TrialRouter>({ links: [wsLink({ client: ws })] })
  await expect(
    Promise.all([client.echo.query(1), client.echo.query(2), client.add.mutate({ a: 1, b: 1 })]),
  ).resolves.toEqual([1, 2, 2])
  await expect(failureOf(client.add.mutate({ a: 'x', b: 1 } as never))).resolves.toMatchObject({
    data: { code: 'BAD_REQUEST', problem: { code: 'bad-input' } },
  })

  const seen: number[] = []
  await new Promise<void>((resolve, reject) => {
    client.count.subscribe(
      { to: 200 },
      {
        onData(event) {
          seen.push(event.data.n)
          if (event.data.n === 20) accepted[0]?.terminate()
        },
        onError: reject,
        onStopped: resolve,
      },
    )
  })
  expect(accepted).toHaveLength(2)
  expect(seen).toEqual(Array.from({ length: 200 }, (_, n) => n + 1))

  const watch = client.watch.subscribe('fpm', { onData: () => {} })
  await served.until('fpm began')
  watch.unsubscribe()
  await served.until('fpm was left')
  await ws.close()
})

test('a stock server is understood: calls, errors, subscriptions', async () => {
  await using serving = await webSocketServer()
  applyWSSHandler({ wss: serving.server, router: trial().router, createContext: () => ({}) })
  const ws = new WebSocket(serving.url)
  await once(ws, 'open')
  const caller = new Peer(webSocketChannel(ws))
  const client = clientOver<TrialRouter>(caller)
  await expect(client.echo.query({ a: 1 })).resolves.toEqual({ a: 1 })
  expect(problemOf(await failureOf(client.add.mutate({ a: 1, b: 0 }))).code).toBe('bad-input')
  const seen: string[] = []
  for await (const event of client.count.subscribe({ to: 3 })) seen.push(event.id)
  expect(seen).toEqual(['1', '2', '3'])
  caller.close()
})
