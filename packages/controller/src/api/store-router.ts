/** The part of the API that is about the store itself. */
import { opened, t } from './procedures.ts'

export const storeRouter = t.router({
  /** In pieces; together they are the file. Changes nothing. */
  backup: t.procedure.subscription(async function* ({ ctx }) {
    yield* opened(await ctx.store.backup())
  }),
})
