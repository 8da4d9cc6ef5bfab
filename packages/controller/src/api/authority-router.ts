/** The part of the API that is about the fleet's certificate authority. */
import * as z from 'zod/mini'
import { by, opened, t } from './procedures.ts'

export const authorityRouter = t.router({
  show: t.procedure.query(({ ctx }) => ctx.authority.show()),
  renew: t.procedure
    .input(z.strictObject({ by }))
    .mutation(async ({ ctx, input }) => opened(await ctx.authority.renew(ctx.caller.name ?? input.by))),
  finish: t.procedure
    .input(z.strictObject({ by, leaveBehind: z.boolean() }))
    .mutation(async ({ ctx, input }) =>
      opened(await ctx.authority.finish(ctx.caller.name ?? input.by, input.leaveBehind)),
    ),
})
