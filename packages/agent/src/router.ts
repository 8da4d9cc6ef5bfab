/**
 * What may be asked of an agent from outside, as one typed router, whoever asks and over whatever line. Names and digests
 * come in, never paths, commands or file text; what may be applied is decided by the host behind it (DESIGN D2, D4, D12).
 */
import {
  ApplyId,
  Digest,
  problemError,
  RemoteAuthority,
  SuggestedRemediation,
  type ApplyNews,
  type ApplyReport,
  type Hello,
  type HostDiagnosis,
  type PlanAnswer,
  type Problem,
} from '@fleetmend/shared'
import { initTRPC, tracked } from '@trpc/server'
import * as z from 'zod/mini'
import type { PlanRequest } from './plan-on-host.ts'

export type ApplyBegun =
  | { readonly ok: true; readonly apply: ApplyId }
  | { readonly ok: false; readonly problem: Problem }

/** The agent behind the router. */
export interface AgentService {
  hello(): Promise<Hello>
  diagnose(options: { readonly site?: string }): Promise<HostDiagnosis>
  /** The page of a diagnosis, Markdown; null: this agent knows none of that name. */
  explain(diagnosis: string): string | null
  plan(request: PlanRequest): Promise<PlanAnswer>
  /** Answers once it has begun, in a unit of its own; told twice of a plan, it answers with the apply that there is. */
  apply(plan: Digest, authority: RemoteAuthority): Promise<ApplyBegun>
  /** Each piece of news with its number, beginning after `seen`; ends with the report. */
  watch(
    apply: ApplyId,
    seen: number,
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly number: number; readonly news: ApplyNews }, Problem | null>
  /** The apply of this plan that was begun, as its journal tells it; null: there is none. */
  report(plan: Digest): Promise<ApplyReport | null>
  /** Newest first. */
  history(limit: number): Promise<readonly ApplyReport[]>
}

export interface AgentContext {
  readonly agent: AgentService
}

const t = initTRPC.context<AgentContext>().create()

const Want = z.union([z.literal('for-findings'), z.array(SuggestedRemediation).check(z.minLength(1), z.maxLength(20))])

/** Long enough for any look at what happened last, short enough for one frame. */
const historyLimit = z.int().check(z.minimum(1), z.maximum(200))

export const agentRouter = t.router({
  hello: t.procedure.query(({ ctx }) => ctx.agent.hello()),

  diagnose: t.procedure
    .input(z.strictObject({ site: z.exactOptional(z.string().check(z.maxLength(253))) }))
    .query(({ ctx, input }) => ctx.agent.diagnose(input)),

  explain: t.procedure
    .input(z.strictObject({ diagnosis: z.string().check(z.maxLength(100)) }))
    .query(({ ctx, input }) => ctx.agent.explain(input.diagnosis)),

  remediate: t.router({
    plan: t.procedure
      .input(
        z.strictObject({
          want: Want,
          alsoRisks: z.exactOptional(z.boolean()),
          startStopped: z.exactOptional(z.boolean()),
          site: z.exactOptional(z.string().check(z.maxLength(253))),
          watchMs: z.exactOptional(z.int().check(z.minimum(0), z.maximum(3_600_000))),
        }),
      )
      .mutation(({ ctx, input }) => ctx.agent.plan(input)),

    /** tRPC keeps the word `apply` for itself. */
    begin: t.procedure
      .input(z.strictObject({ plan: Digest, authority: RemoteAuthority }))
      .mutation(async ({ ctx, input }) => {
        const begun = await ctx.agent.apply(input.plan, input.authority)
        if (!begun.ok) throw problemError(begun.problem)
        return { apply: begun.apply }
      }),

    /** Resumes after the last event that was seen (`lastEventId`), losing and repeating none. */
    watch: t.procedure
      .input(z.strictObject({ apply: ApplyId, lastEventId: z.optional(z.string().check(z.regex(/^\d{1,9}$/))) }))
      .subscription(async function* ({ ctx, input, signal }) {
        const following = ctx.agent.watch(input.apply, Number(input.lastEventId ?? 0), signal ?? never)
        for (;;) {
          const next = await following.next()
          if (!next.done) yield tracked(String(next.value.number), next.value.news)
          else if (next.value) throw problemError(next.value)
          else return
        }
      }),

    report: t.procedure.input(z.strictObject({ plan: Digest })).query(({ ctx, input }) => ctx.agent.report(input.plan)),
  }),

  history: t.procedure
    .input(z.strictObject({ limit: historyLimit }))
    .query(({ ctx, input }) => ctx.agent.history(input.limit)),
})
export type AgentRouter = typeof agentRouter

const never = new AbortController().signal
