/** The part of the API that is about its callers: who one is, and the tokens of others. */
import { ApiTokenId, Powers, PrincipalName } from '@fleetmend/shared'
import * as z from 'zod/mini'
import { opened, t } from './procedures.ts'

const minuteMs = 60_000
const longestMs = 10 * 365 * 24 * 60 * minuteMs

const NewToken = z.strictObject({
  name: PrincipalName,
  roles: Powers.shape.roles,
  selector: z._default(z.nullable(z.string().check(z.maxLength(4096))), null),
  readOnly: z._default(z.boolean(), false),
  lifeMs: z.nullable(z.int().check(z.minimum(minuteMs), z.maximum(longestMs))),
})

const Which = z.union([z.strictObject({ id: ApiTokenId }), z.strictObject({ name: PrincipalName })])

export const whoami = t.procedure.query(({ ctx }) => ctx.people.whoami())

export const tokensRouter = t.router({
  create: t.procedure.input(NewToken).mutation(async ({ ctx, input }) => opened(await ctx.people.createToken(input))),
  list: t.procedure.query(({ ctx }) => ctx.people.listTokens()),
  /** Answers with those that were good until now. */
  revoke: t.procedure.input(Which).mutation(async ({ ctx, input }) => opened(await ctx.people.revokeTokens(input))),
})
