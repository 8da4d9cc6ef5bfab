/** A router with one procedure for each thing that can happen to a call, and a record of what ran on its side. */
import { once } from 'node:events'
import { initTRPC, tracked } from '@trpc/server'
import * as z from 'zod/mini'
import { problem } from '../src/problems.ts'
import { problemError } from '../src/wire/problem-error.ts'

export interface Trial {
  readonly router: ReturnType<typeof trialRouter>
  /** What happened on the serving side, in order. */
  readonly log: string[]
  /** Lets one `held` call go on. */
  release(): void
  /** Resolves once the log has this line. */
  until(line: string): Promise<void>
}

export function trial(): Trial {
  const log: string[] = []
  const gates: (() => void)[] = []
  const watchers = new Set<() => void>()
  const note = (line: string): void => {
    log.push(line)
    for (const watch of watchers) watch()
  }
  return {
    router: trialRouter(note, gates),
    log,
    release: () => gates.shift()?.(),
    async until(line) {
      while (!log.includes(line)) {
        const next = Promise.withResolvers<void>()
        const watch = (): void => next.resolve()
        watchers.add(watch)
        await next.promise
        watchers.delete(watch)
      }
    },
  }
}

export type TrialRouter = Trial['router']

function trialRouter(note: (line: string) => void, gates: (() => void)[]) {
  const t = initTRPC.context<{ who?: string }>().create()

  /** Runs until released or cancelled; notes which. */
  async function hold(name: string, signal: AbortSignal | undefined): Promise<string> {
    note(`${name} began`)
    const gate = Promise.withResolvers<void>()
    gates.push(gate.resolve)
    try {
      await Promise.race([gate.promise, untilAborted(signal)])
    } catch (error) {
      note(`${name} was cancelled`)
      throw error
    }
    note(`${name} ended`)
    return `${name} ended`
  }

  return t.router({
    echo: t.procedure.input(z.unknown()).query(({ input }) => input),
    who: t.procedure.query(({ ctx }) => ctx.who ?? 'nobody'),
    add: t.procedure
      .input(z.strictObject({ a: z.int(), b: z.int().check(z.minimum(1)), unit: z.optional(z.enum(['MiB', 'ms'])) }))
      .mutation(({ input }) => input.a + input.b),
    heldQuery: t.procedure.input(z.string()).query(({ input, signal }) => hold(input, signal)),
    heldMutation: t.procedure.input(z.string()).mutation(({ input, signal }) => hold(input, signal)),
    stale: t.procedure.mutation(() => {
      throw problemError(problem('plan-is-stale', '/etc/php/8.2/fpm/pool.d/www.conf was edited at 03:11.'))
    }),
    broken: t.procedure.query(() => {
      throw new Error('the password is hunter2')
    }),
    unserialisable: t.procedure.query(() => ({ size: 1n })),
    big: t.procedure.input(z.int()).query(({ input }) => 'x'.repeat(input)),
    /** Counts on from the last event that its caller has seen. */
    count: t.procedure
      .input(z.object({ to: z.int(), lastEventId: z.optional(z.string()) }))
      .subscription(async function* ({ input }) {
        for (let n = Number(input.lastEventId ?? 0) + 1; n <= input.to; n++) yield tracked(String(n), { n })
      }),
    /** Lasts until its caller leaves. */
    watch: t.procedure.input(z.string()).subscription(async function* ({ input, signal }) {
      note(`${input} began`)
      try {
        yield `${input} is here`
        await untilAborted(signal)
      } finally {
        note(`${input} was left`)
      }
    }),
    /** As fast as it can, without ever waiting for anything; notes how much it has produced. */
    flood: t.procedure.input(z.int()).subscription(async function* ({ input }) {
      try {
        for (let n = 1; ; n++) {
          note(`flood ${n}`)
          yield 'x'.repeat(input)
        }
      } finally {
        note('flood was left')
      }
    }),
    bigEvent: t.procedure.input(z.int()).subscription(async function* ({ input }) {
      yield 'small'
      yield 'x'.repeat(input)
      yield 'after'
    }),
    failingEvents: t.procedure.subscription(async function* () {
      yield 'one'
      throw problemError(problem('unknown-apply', 'There is no apply a-20261121-031502-9f3c.'))
    }),
    noStream: t.procedure.subscription((() => 'not a stream') as never),
    streamingQuery: t.procedure.query(async function* () {
      yield 'one'
    }),
  })
}

/** Rejects. A signal may be aborted before a procedure even begins, and then says nothing more. */
async function untilAborted(signal: AbortSignal = new AbortController().signal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  signal.throwIfAborted()
  throw new Error('The signal was not aborted. This is a bug.')
}
