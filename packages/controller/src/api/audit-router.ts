/** The part of the API that is about the record. */
import { HostId, Instant, Manifest, RunId } from '@fleetmend/shared'
import * as z from 'zod/mini'
import { by, opened, t } from './procedures.ts'

const Scope = {
  run: z.exactOptional(RunId),
  since: z.exactOptional(Instant),
}

export const auditRouter = t.router({
  list: t.procedure
    .input(
      z.strictObject({
        ...Scope,
        host: z.exactOptional(HostId),
        by: z.exactOptional(z.string().check(z.maxLength(300))),
        limit: z.int().check(z.minimum(1), z.maximum(5000)),
      }),
    )
    .query(async ({ ctx, input }) => opened(await ctx.audit.list(input))),

  /** Text in pieces; together they are the file. `live`: hosts are asked for their own records meanwhile. */
  export: t.procedure
    .input(z.strictObject({ ...Scope, live: z.exactOptional(z.boolean()) }))
    .subscription(async function* ({ ctx, input }) {
      yield* opened(ctx.audit.export(input))
    }),

  accept: t.procedure
    .input(
      z.strictObject({
        host: HostId,
        by,
        reason: Manifest.shape.reason,
      }),
    )
    .mutation(async ({ ctx, input }) => opened(await ctx.audit.accept(input))),
})
