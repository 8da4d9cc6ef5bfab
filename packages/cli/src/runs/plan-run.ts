/** Begins a run and waits until every host has answered with a plan, or with why it has none. */
import { problem, type Problem, type Run, type RunView } from '@fleetmend/shared'
import { whoAsks, type Cli } from '../cli.ts'
import type { Answer, Api, Controller } from '../connection/controller.ts'
import { followRun } from '../connection/follow-run.ts'
import { persistently } from '../connection/persist.ts'
import { startOnce } from '../connection/start-once.ts'
import { printNews } from '../documents.ts'
import { liveLine } from '../progress/live-line.ts'
import type { Answering } from '../report-problem.ts'
import { readRemediation } from '../words/remediation-words.ts'
import type { PaceOptions, RunOptions } from '../words/run-options.ts'
import type { Target } from '../words/target.ts'

type Asked = Run['asked']

export async function planRun(
  cli: Cli,
  controller: Controller,
  target: Target,
  options: RunOptions,
): Promise<Answer<RunView>> {
  const asked = await askedFor(controller, options)
  if (!asked.ok) return asked
  const started = await startOnce(cli, controller, (api, key) =>
    api.runs.start.mutate({
      key,
      target,
      by: whoAsks(cli),
      reason: options.reason ?? defaultReason(options),
      asked: asked.value,
      ...paceOf(options),
    }),
  )
  return started.ok ? plannedRun(cli, controller, started.value, options) : started
}

/** The run, once every host of it has answered. */
export async function plannedRun(
  cli: Cli,
  controller: Controller,
  started: Run,
  answering: Pick<Answering, 'jsonl'>,
): Promise<Answer<RunView>> {
  const { id, hosts } = started
  const failed = await untilPlanned(cli, controller, started, answering)
  if (failed) return { ok: false, problem: failed, lost: null }
  const shown = await persistently(cli, () => controller.askLong((api) => api.runs.showInParts.subscribe({ run: id })))
  if (shown.ok && shown.value.run.hosts.length !== hosts.length) throw new Error(`${id} lost hosts. This is a bug.`)
  return shown
}

type Pace = Pick<Parameters<Api['runs']['start']['mutate']>[0], 'waves' | 'limits' | 'terms'>

export function paceOf(options: PaceOptions): Pace {
  const { canary, canaryLabels, batch, between, atOnce, maxUnreachable, maxRolledBack } = options
  const { window, deadline, waitForHosts } = options
  const ramp = batch.slice(0, -1)
  return {
    waves: {
      canaryHosts: canary,
      ...(canaryLabels === undefined ? {} : { canaryLabels }),
      ...(ramp.length === 0 ? {} : { ramp }),
      batchHosts: batch.at(-1) ?? 1,
      ...(between === undefined ? {} : { between }),
    },
    limits: {
      stopAtFailures: options.maxFailed,
      ...(maxUnreachable === undefined ? {} : { stopAtUnreachable: maxUnreachable }),
      ...(maxRolledBack === undefined ? {} : { stopAtRolledBack: maxRolledBack }),
      ...(atOnce === undefined ? {} : { hostsAtOnce: atOnce }),
      groupsAtOnce: options.groups,
      approvalsNeeded: 1,
    },
    terms: {
      ...(window === undefined ? {} : { windows: [...window] }),
      ...(deadline === undefined ? {} : { deadlineMs: deadline }),
      ...(waitForHosts === undefined ? {} : { awaitHostsMs: waitForHosts }),
    },
  }
}

async function untilPlanned(
  cli: Cli,
  controller: Controller,
  { id, hosts }: Run,
  { jsonl }: Pick<Answering, 'jsonl'>,
): Promise<Problem | null> {
  const line = liveLine(cli.streams)
  const answered = new Set<string>()
  cli.interruption.says = `${id} goes on planning; nothing is done before somebody approves it. To see it:\n    fleetmend runs show ${id}`
  try {
    const news = followRun(cli, controller, id, 'its-beginning')
    for (;;) {
      const next = await news.next()
      if (next.done) return next.value
      if (jsonl) printNews(cli.streams, next.value)
      if (next.value.news !== 'event') continue
      const { event, state } = next.value
      if (state !== 'planning') {
        await news.return(null)
        return null
      }
      if (event.host !== null) answered.add(event.host)
      line.show(`Planning: ${answered.size} of ${hosts.length} hosts have answered`)
    }
  } finally {
    line.clear()
    cli.interruption.says = null
  }
}

async function askedFor(controller: Controller, options: RunOptions): Promise<Answer<Asked>> {
  const { do: id, input = [], forFindings, risks, startStopped, watch } = options
  const more = {
    ...(risks ? { alsoRisks: true } : {}),
    ...(startStopped ? { startStopped: true } : {}),
    ...(watch === undefined ? {} : { watchMs: watch * 1000 }),
  }
  if (id === undefined) {
    if (input.length === 0) return { ok: true, value: { want: 'for-findings', ...more } }
    return refuse('--input belongs to --do. Findings bring their own input.')
  }
  if (forFindings)
    return refuse('Either --do one remediation, or plan --for-findings; both at once could mean two things.')
  const catalogue = await controller.ask((api) => api.catalogue.query())
  if (!catalogue.ok) return catalogue
  const read = readRemediation(id, input, catalogue.value)
  return read.ok
    ? { ok: true, value: { want: [read.value], ...more } }
    : { ok: false, problem: read.problem, lost: null }
}

function defaultReason({ do: id }: RunOptions): string {
  return id === undefined ? 'to repair what diagnosis found' : `to ${id}`
}

function refuse(says: string): Answer<never> {
  return { ok: false, problem: problem('usage', says), lost: null }
}
