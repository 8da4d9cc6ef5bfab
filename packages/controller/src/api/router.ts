/** The controller's whole API as one typed router: what the command line, and later the console, may ask. No logic. */
import {
  Asked,
  Digest,
  HostId,
  Labels,
  Manifest,
  inParts,
  problemError,
  RunId,
  RunLimits,
  RunTerms,
  SignedGrant,
  SshWayAsked,
  WavePlan,
} from '@fleetmend/shared'
import { tracked } from '@trpc/server'
import * as z from 'zod/mini'
import { authorityRouter } from './authority-router.ts'
import { auditRouter } from './audit-router.ts'
import { by, opened, t } from './procedures.ts'
import { storeRouter } from './store-router.ts'
import { tokensRouter, whoami } from './tokens-router.ts'

const Target = z.strictObject({
  hosts: z.exactOptional(z.array(z.string().check(z.maxLength(253))).check(z.minLength(1), z.maxLength(10_000))),
  selector: z.exactOptional(z.string().check(z.maxLength(4096))),
})

const reason = Manifest.shape.reason
const forSoLongMs = z.int().check(z.minimum(1000), z.maximum(30 * 24 * 60 * 60_000))

/** From now on, by the clock of the controller. */
const TermsAsked = z.strictObject({
  windows: RunTerms.shape.windows,
  deadlineMs: z.exactOptional(forSoLongMs),
  awaitHostsMs: z.exactOptional(forSoLongMs),
})
const minuteMs = 60_000

/** Of another run, whose pace and limits hold where nothing else is said. */
const WavesChanged = z.strictObject({
  ...WavePlan.shape,
  canaryHosts: z.exactOptional(WavePlan.shape.canaryHosts),
  batchHosts: z.exactOptional(WavePlan.shape.batchHosts),
})
const LimitsChanged = z.strictObject({
  ...RunLimits.shape,
  stopAtFailures: z.exactOptional(RunLimits.shape.stopAtFailures),
  groupsAtOnce: z.exactOptional(RunLimits.shape.groupsAtOnce),
  approvalsNeeded: z.exactOptional(RunLimits.shape.approvalsNeeded),
})

/** Made by whoever asks, once for each thing they want. */
const startKey = z.uuid()

/** Resumes after the last event that was seen. */
const lastEventId = z.exactOptional(z.string().check(z.regex(/^\d{1,12}$/)))

const OneRun = z.strictObject({ run: RunId })
const Newest = z.strictObject({ limit: z.int().check(z.minimum(1), z.maximum(1000)) })
/** Whoever says nothing is told the whole story; whoever was cut off, what came after the last that they heard. */
const Watched = z.strictObject({ run: RunId, lastEventId, from: z.exactOptional(z.literal('now')) })
/** What somebody signed of a run, with the digest of the manifest that they were shown. */
const Signed = z.strictObject({ run: RunId, digest: Digest, signature: z.string().check(z.maxLength(16_384)) })

export const apiRouter = t.router({
  hello: t.procedure.query(({ ctx }) => ctx.controller.hello()),
  whoami,
  tokens: tokensRouter,
  audit: auditRouter,
  authority: authorityRouter,
  store: storeRouter,

  /** What can be planned anywhere in the fleet, as its agents say. */
  catalogue: t.procedure.query(({ ctx }) => ctx.controller.catalogue()),

  /** For somebody who is typing one. */
  names: t.procedure
    .input(
      z.strictObject({
        of: z.enum(['hosts', 'labels', 'runs', 'groups']),
        begins: z.string().check(z.maxLength(253)),
        run: z.exactOptional(RunId),
      }),
    )
    .query(({ ctx, input }) => ctx.controller.names(input)),

  hosts: t.router({
    list: t.procedure.input(Target).query(async ({ ctx, input }) => opened(await ctx.controller.listHosts(input))),

    /** The same of any length, as is everything of this name; a frame takes some five thousand hosts. */
    listInParts: t.procedure.input(Target).subscription(async function* ({ ctx, input }) {
      yield* inParts(opened(await ctx.controller.listHosts(input)))
    }),

    invite: t.procedure
      .input(
        z.strictObject({
          by,
          labels: Labels,
          host: z.nullable(HostId),
          lifeMs: z.int().check(z.minimum(minuteMs), z.maximum(7 * 24 * 60 * minuteMs)),
        }),
      )
      .mutation(async ({ ctx, input }) => opened(await ctx.controller.invite(input))),

    /** What a host has to be given before it can be added. */
    sshAccess: t.procedure.query(async ({ ctx }) => opened(await ctx.controller.sshAccess())),

    add: t.procedure
      .input(
        z.strictObject({
          by,
          host: HostId,
          way: SshWayAsked,
          labels: Labels,
          hostKeys: z.array(z.string().check(z.regex(/^SHA256:[A-Za-z0-9+/]{43}$/))).check(z.maxLength(32)),
          acceptNew: z.boolean(),
        }),
      )
      .mutation(async ({ ctx, input }) => opened(await ctx.controller.addHost(input))),

    remove: t.procedure
      .input(z.strictObject({ host: HostId, by }))
      .mutation(async ({ ctx, input }) => opened(await ctx.controller.removeHost(input.host, input.by))),
  }),

  /** Who may sign what, by the list of the controller; each host has its own. */
  approvers: t.procedure.query(async ({ ctx }) => opened(await ctx.controller.approvers())),

  explain: t.procedure
    .input(z.strictObject({ diagnosis: z.string().check(z.maxLength(100)) }))
    .query(async ({ ctx, input }) => opened(await ctx.controller.explain(input.diagnosis))),

  diagnose: t.procedure
    .input(z.strictObject({ target: Target, site: z.exactOptional(z.string().check(z.maxLength(253))) }))
    .subscription(async function* ({ ctx, input, signal }) {
      const answers = ctx.controller.diagnose(input.target, input.site, signal ?? never)
      for (;;) {
        const next = await answers.next()
        if (!next.done) yield next.value
        else if (next.value) throw problemError(next.value)
        else return
      }
    }),

  runs: t.router({
    start: t.procedure
      .input(
        z.strictObject({
          target: Target,
          by,
          reason,
          asked: Asked,
          waves: WavePlan,
          limits: RunLimits,
          terms: z.exactOptional(TermsAsked),
          key: z.exactOptional(startKey),
        }),
      )
      .mutation(async ({ ctx, input: { target, ...request } }) =>
        opened(await ctx.controller.startRun(target, request)),
      ),

    /** A new run, with new plans to be signed, for those hosts of one that has ended that were not done. */
    retry: t.procedure
      .input(z.strictObject({ run: RunId, by, key: z.exactOptional(startKey) }))
      .mutation(async ({ ctx, input }) => opened(await ctx.controller.retryRun(input.run, input.by, input.key))),

    /** A new run, that puts the hosts back which one that has ended has changed; it goes as that one did, where nothing is said. */
    rollback: t.procedure
      .input(
        z.strictObject({
          run: RunId,
          by,
          target: Target,
          reason: z.exactOptional(reason),
          watchMs: Asked.shape.watchMs,
          waves: z.exactOptional(WavesChanged),
          limits: z.exactOptional(LimitsChanged),
          terms: z.exactOptional(TermsAsked),
          key: z.exactOptional(startKey),
        }),
      )
      .mutation(async ({ ctx, input: { run, ...request } }) => opened(await ctx.controller.rollBackRun(run, request))),

    show: t.procedure.input(OneRun).query(async ({ ctx, input }) => opened(await ctx.controller.showRun(input.run))),

    showInParts: t.procedure.input(OneRun).subscription(async function* ({ ctx, input }) {
      yield* inParts(opened(await ctx.controller.showRun(input.run)))
    }),

    story: t.procedure.input(OneRun).query(async ({ ctx, input }) => opened(await ctx.controller.storyOf(input.run))),

    storyInParts: t.procedure.input(OneRun).subscription(async function* ({ ctx, input }) {
      yield* inParts(opened(await ctx.controller.storyOf(input.run)))
    }),

    list: t.procedure.input(Newest).query(({ ctx, input }) => ctx.controller.listRuns(input.limit)),

    listInParts: t.procedure.input(Newest).subscription(async function* ({ ctx, input }) {
      yield* inParts(await ctx.controller.listRuns(input.limit))
    }),

    watch: t.procedure.input(Watched).subscription(async function* ({ ctx, input, signal }) {
      const from = input.lastEventId === undefined ? (input.from ?? 0) : Number(input.lastEventId)
      const watching = ctx.controller.watchRun(input.run, from, signal ?? never)
      let last = from === 'now' ? 0 : from
      for (;;) {
        const next = await watching.next()
        if (next.done && next.value) throw problemError(next.value)
        if (next.done) return
        last = next.value.number ?? last
        // Progress has no number of its own: whoever resumes after it resumes after the event before it.
        yield tracked(String(last), next.value.news)
      }
    }),

    approve: t.procedure
      .input(Signed)
      .mutation(async ({ ctx, input }) =>
        opened(await ctx.controller.approve(input.run, input.digest, input.signature)),
      ),

    /** By whoever asked for the run, where they may not approve it. */
    signRequest: t.procedure
      .input(Signed)
      .mutation(async ({ ctx, input }) =>
        opened(await ctx.controller.signRequest(input.run, input.digest, input.signature)),
      ),

    breakGlass: t.procedure
      .input(z.extend(Signed, { reason }))
      .mutation(async ({ ctx, input: { run, digest, ...signed } }) =>
        opened(await ctx.controller.breakGlass(run, digest, signed)),
      ),

    presentGrant: t.procedure
      .input(z.strictObject({ run: RunId, by, grant: SignedGrant }))
      .mutation(async ({ ctx, input: { run, ...deed } }) => opened(await ctx.controller.presentGrant(run, deed))),

    deny: t.procedure
      .input(z.strictObject({ run: RunId, by, reason }))
      .mutation(async ({ ctx, input: { run, ...deed } }) =>
        opened(await ctx.controller.submit(run, { type: 'denied', ...deed })),
      ),

    /** tRPC keeps the word `apply` for itself. */
    begin: t.procedure
      .input(z.strictObject({ run: RunId, by }))
      .mutation(async ({ ctx, input: { run, ...deed } }) =>
        opened(await ctx.controller.submit(run, { type: 'apply-started', ...deed })),
      ),

    pause: t.procedure
      .input(z.strictObject({ run: RunId, by, reason }))
      .mutation(async ({ ctx, input: { run, ...deed } }) =>
        opened(await ctx.controller.submit(run, { type: 'paused', ...deed })),
      ),

    resume: t.procedure
      .input(z.strictObject({ run: RunId, by }))
      .mutation(async ({ ctx, input: { run, ...deed } }) =>
        opened(await ctx.controller.submit(run, { type: 'resumed', ...deed })),
      ),

    promote: t.procedure
      .input(z.strictObject({ run: RunId, by, group: Digest }))
      .mutation(async ({ ctx, input: { run, ...deed } }) =>
        opened(await ctx.controller.submit(run, { type: 'promoted', ...deed })),
      ),

    abort: t.procedure
      .input(z.strictObject({ run: RunId, by, reason }))
      .mutation(async ({ ctx, input: { run, ...deed } }) =>
        opened(await ctx.controller.submit(run, { type: 'aborted', ...deed })),
      ),
  }),
})
export type ApiRouter = typeof apiRouter

const never = new AbortController().signal
