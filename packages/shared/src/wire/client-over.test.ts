import { initTRPC } from '@trpc/server'
import { expect, test } from 'vitest'
import { memoryLine } from '../../test/lines.ts'
import { attach, peersOn } from '../../test/peers.ts'
import { clientOver } from './client-over.ts'

const t = initTRPC.create()
const router = t.router({
  hello: t.procedure.query(({ path }) => path),
  remediate: t.router({
    begin: t.procedure.mutation(({ path }) => path),
    history: t.router({
      watch: t.procedure.subscription(async function* ({ path }) {
        yield path
      }),
    }),
  }),
})

test('each procedure of a router is called by its path, as what it is', async () => {
  await using line = await memoryLine()
  attach(line.right, { router })
  const client = clientOver<typeof router>(attach(line.left))
  expect(await client.hello.query()).toBe('hello')
  expect(await client.remediate.begin.mutate()).toBe('remediate.begin')
  expect(await Array.fromAsync(client.remediate.history.watch.subscribe())).toEqual(['remediate.history.watch'])
})

test('a client and its parts can be kept, handed on and returned by who is async', async () => {
  await using line = await memoryLine()
  const { client } = peersOn(line)
  const handOn = async () => client
  const { query } = (await handOn()).echo
  expect(await query(1)).toBe(1)
})
