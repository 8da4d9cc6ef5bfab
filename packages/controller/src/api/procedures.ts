/** What every procedure of the API is made from: what it is given, who may call it, and how a problem is thrown. */
import { Manifest, problemError, thrownProblem, type ProblemCode } from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import * as z from 'zod/mini'
import type { AuditService } from '../audit/audit-service.ts'
import { isTelling } from '../audit/record.ts'
import type { AuthorityKeeper } from '../identity/keep-authority.ts'
import { whyNotPermitted, type Caller } from '../people/caller.ts'
import type { PeopleService } from '../people/people-service.ts'
import type { BackupService } from '../store/backup.ts'
import type { Answer, ControllerService } from './controller-service.ts'

export interface ApiContext {
  /** Who is calling. */
  readonly caller: Caller
  /** As the caller sees it. */
  readonly controller: ControllerService
  readonly people: PeopleService
  readonly authority: AuthorityKeeper
  readonly audit: AuditService
  readonly store: BackupService
  /** Puts on record what was refused because of who asked, or of what they showed. */
  refused(path: string, code: ProblemCode): Promise<void>
}

const rpc = initTRPC.context<ApiContext>().create()

export const t = {
  router: rpc.router,
  /** There is no other: what may be called by whom is asked before anything else, its input included. */
  procedure: rpc.procedure.use(async ({ ctx, path, type, next }) => {
    const refused = whyNotPermitted(ctx.caller, { path, type })
    if (refused) {
      await ctx.refused(path, refused.code)
      throw problemError(refused)
    }
    const answered = await next()
    const told = answered.ok ? null : thrownProblem(answered.error)
    if (told && isTelling(told.code)) await ctx.refused(path, told.code)
    return answered
  }),
}

/**
 * Who does it, in their own words: whoever reaches the socket owns it, and may call themselves what they want. Callers
 * with a token are who their token says, whatever stands here.
 */
export const by = z._default(Manifest.shape.requester, 'unknown')

export function opened<Value>(answer: Answer<Value>): Value {
  if (answer.ok) return answer.value
  throw problemError(answer.problem)
}
