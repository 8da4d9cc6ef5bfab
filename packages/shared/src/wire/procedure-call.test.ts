import { callTRPCProcedure, initTRPC, lazy, TRPCError } from '@trpc/server'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { callProcedure, type ProcedureCall } from './procedure-call.ts'

interface Context {
  readonly who: string
  readonly agent?: string
}

const t = initTRPC.context<Context>().meta<{ risky: boolean }>().create({ isDev: false })
const Site = z.object({ site: z.string() })

/** Everything that a procedure can be made of, and everything that it can do. */
const router = t.router({
  plain: t.procedure.query(() => 'plain'),
  nothing: t.procedure.mutation(() => undefined),
  all: t.procedure
    .meta({ risky: true })
    .input(Site)
    .query(({ signal, ...options }) => ({ given: { ...options, next: null }, isItsSignal: signal === aborted })),
  merged: t.procedure
    .input(Site)
    .input(z.object({ limit: z._default(z.int(), 20) }))
    .query(({ input }) => input),
  outcome: t.procedure.output(z.object({ host: z.string() })).query(() => ({ host: 'web-7', secret: 1 })),
  wrongOutcome: t.procedure.output(z.object({ host: z.string() })).query(() => ({ host: 7 }) as never),
  context: t.procedure
    .use(({ ctx, next }) => next({ ctx: { agent: `${ctx.who}'s` } }))
    .use(({ next }) => next())
    .query(({ ctx }) => ctx),
  otherInput: t.procedure.use(({ next }) => next({ input: { site: 'other' } })).query(({ input }) => input),
  rawInput: t.procedure
    .use(({ next }) => next({ getRawInput: async () => ({ site: 'raw' }) }))
    .input(Site)
    .query(({ input }) => input),
  seen: t.procedure
    .use(async ({ next, getRawInput, meta, path, type }) => {
      const result = await next()
      const seen = result.ok ? result.data : result.error.code
      throw new TRPCError({ code: 'CONFLICT', message: JSON.stringify([seen, await getRawInput(), meta, path, type]) })
    })
    .input(Site)
    .query(({ input }) => input.site),
  stopped: t.procedure.use((async () => undefined) as never).query(() => 'never'),
  refused: t.procedure.query(() => {
    throw new TRPCError({ code: 'NOT_FOUND', message: 'There is none.' })
  }),
  broken: t.procedure.query(() => {
    throw new RangeError('broken')
  }),
  strange: t.procedure.query(() => {
    const text: Error = 'a string' as never
    throw text
  }),
  formatted: t.procedure
    .errors(({ shape }) => ({ ...shape, message: 'in other words' }))
    .query(() => {
      throw new RangeError('broken')
    }),
  events: t.procedure.input(Site).subscription(async function* ({ input }) {
    yield input.site
    yield 'last'
  }),
  own: t.procedure
    .experimental_caller(async ({ args, invoke }) => ['its own caller', await invoke(args[0] as never)])
    .query(() => 'called') as never,
  below: t.router({ deep: t.procedure.query(() => 'deep') }),
  late: lazy(async () => t.router({ loaded: t.procedure.query(() => 'loaded') })),
})

const aborted = AbortSignal.abort()

test.each<{ path: string; type?: ProcedureCall['type']; input?: unknown }>([
  { path: 'plain' },
  { path: 'plain', type: 'mutation' },
  { path: 'nothing', type: 'mutation' },
  { path: 'all', input: { site: 'a', more: 1 } },
  { path: 'all', input: { site: 7 } },
  { path: 'all' },
  { path: 'merged', input: { site: 'a' } },
  { path: 'outcome' },
  { path: 'wrongOutcome' },
  { path: 'context' },
  { path: 'otherInput' },
  { path: 'rawInput' },
  { path: 'seen', input: { site: 'a' } },
  { path: 'seen', input: 'no site' },
  { path: 'refused' },
  { path: 'broken' },
  { path: 'strange' },
  { path: 'formatted' },
  { path: 'events', type: 'subscription', input: { site: 'a' } },
  { path: 'events', type: 'subscription', input: null },
  { path: 'own' },
  { path: 'below.deep' },
  { path: 'late.loaded' },
  { path: 'below' },
  { path: 'constructor' },
  { path: '__proto__' },
  { path: '' },
])('what comes of $type $path with $input is what tRPC makes of it', async ({ path, type = 'query', input }) => {
  const call = {
    router,
    path,
    type,
    getRawInput: async () => input,
    ctx: { who: 'ana' },
    signal: aborted,
    batchIndex: 0,
  }
  expect(await outcome(() => callProcedure(call))).toEqual(await outcome(() => callTRPCProcedure(call)))
})

test('a middleware that forgets the rest of its procedure is a bug, and is said to be one', async () => {
  const call = { router, path: 'stopped', getRawInput: async () => null, ctx: {}, signal: aborted, batchIndex: 0 }
  await expect(callProcedure({ ...call, type: 'query' })).rejects.toMatchObject({
    code: 'INTERNAL_SERVER_ERROR',
    message: expect.stringContaining('This is a bug.'),
  })
})

/** With all that others could tell apart. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    const data = await call()
    if (typeof data !== 'object' || data === null || !(Symbol.asyncIterator in data)) return { data }
    return { events: await Array.fromAsync(data as AsyncIterable<unknown>) }
  } catch (error) {
    if (!(error instanceof TRPCError)) return { thrown: error }
    const { code, message, name, cause } = error
    return { code, message, name, cause, own: Object.getOwnPropertySymbols(error).map((key) => error[key as never]) }
  }
}
