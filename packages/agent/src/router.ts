/**
 * What may be asked of an agent from outside, as one typed router, whoever asks and over whatever line. Names and digests
 * come in, never paths, commands or file text; what may be applied is decided by the host behind it (DESIGN D2, D4, D12).
 */
import {
  ApplyId,
  briefly,
  Digest,
  Greeting,
  problemError,
  ShownAuthority,
  SuggestedRemediation,
  thrownProblem,
  type ApplyNews,
  type ApplyReport,
  type AuditRecord,
  type ChainEnd,
  type Hello,
  type HostDiagnosis,
  type PlanAnswer,
  type Problem,
  type SignedHead,
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
  /** Given up by the signal, it looks no further and throws its reason; so does `plan`, and no plan is kept. */
  diagnose(options: { readonly site?: string }, signal?: AbortSignal): Promise<HostDiagnosis>
  /** The page of a diagnosis, Markdown; null: this agent knows none of that name. */
  explain(diagnosis: string): string | null
  plan(request: PlanRequest, signal?: AbortSignal): Promise<PlanAnswer>
  /** Answers once it has begun, in a unit of its own; told again while it is at work, it answers with the same apply. */
  apply(plan: Digest, authority: ShownAuthority): Promise<ApplyBegun>
  /** Somebody asked for an apply in words that are none. */
  notUnderstood(): Promise<void>
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
  /** Where this host's own record stands, signed; null: it is of no fleet, or nothing is on record yet. */
  auditHead(): Promise<SignedHead | null>
  /** Records from a number on. */
  auditRecords(from: number, limit: number): Promise<readonly AuditRecord[]>
  /** Keeps where the controller's own record stands. */
  witness(head: ChainEnd): Promise<void>
}

export interface AgentContext {
  readonly agent: AgentService
}

const t = initTRPC.context<AgentContext>().create()

const Want = z.union([z.literal('for-findings'), z.array(SuggestedRemediation).check(z.minLength(1), z.maxLength(20))])

const sequence = z.int().check(z.positive())

/** Long enough for any look at what happened last, short enough for one frame. */
const historyLimit = z.int().check(z.minimum(1), z.maximum(200))

export const agentRouter = t.router({
  hello: t.procedure
    .input(z.optional(Greeting))
    .query(async ({ ctx, input }) => briefly(await ctx.agent.hello(), input ?? { knows: [] })),

  diagnose: t.procedure
    .input(z.strictObject({ site: z.exactOptional(z.string().check(z.maxLength(253))) }))
    .query(({ ctx, input, signal }) => ctx.agent.diagnose(input, signal)),

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
      .mutation(({ ctx, input, signal }) => ctx.agent.plan(input, signal)),

    /** tRPC keeps the word `apply` for itself. */
    begin: t.procedure
      .use(async ({ ctx, next }) => {
        const answered = await next()
        // What makes no sense never reaches the host behind this, and is to be found afterwards all the same.
        if (!answered.ok && answered.error.code === 'BAD_REQUEST' && thrownProblem(answered.error) === null)
          await ctx.agent.notUnderstood()
        return answered
      })
      .input(z.strictObject({ plan: Digest, authority: ShownAuthority }))
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

  audit: t.router({
    head: t.procedure.query(({ ctx }) => ctx.agent.auditHead()),
    records: t.procedure
      .input(z.strictObject({ from: sequence, limit: z.int().check(z.minimum(1), z.maximum(200)) }))
      .query(({ ctx, input }) => ctx.agent.auditRecords(input.from, input.limit)),
    witness: t.procedure
      .input(z.strictObject({ sequence, hash: Digest }))
      .mutation(({ ctx, input }) => ctx.agent.witness(input)),
  }),
})
export type AgentRouter = typeof agentRouter

const never = new AbortController().signal
