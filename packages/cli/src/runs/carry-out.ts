/** Begins an approved run, and follows it to its end with whoever asked; the run itself needs nobody to watch it. */
import { exitCodes, type ExitCode, type Problem, type Run } from '@fleetmend/shared'
import { whoAsks, type Cli } from '../cli.ts'
import type { Answer, Controller } from '../connection/controller.ts'
import { followRun, stateIn } from '../connection/follow-run.ts'
import { persistently } from '../connection/persist.ts'
import { submitDeed } from '../connection/submit-deed.ts'
import { printNews, printRun } from '../documents.ts'
import { runProgress } from '../progress/run-progress.ts'
import { reportProblem, type Answering } from '../report-problem.ts'
import { sayNext } from '../views/next-command.ts'
import { runText } from '../views/run-text.ts'
import { exitOfRun } from './exit-of-run.ts'

export function carryOut(cli: Cli, controller: Controller, run: Run, answering: Answering): Promise<ExitCode> {
  return followToEnd(cli, controller, run, answering, () =>
    submitDeed(cli, controller, {
      run: run.id,
      submit: (api) => api.runs.begin.mutate({ run: run.id, by: whoAsks(cli) }),
      arrived: ({ state }) => state !== 'approved' && state !== 'awaiting-approval',
    }),
  )
}

/**
 * `begin`: what sets it going once somebody is there to see it, so that what was shown before is not told again and nothing
 * after it is missed. Left out: a program is told the whole story, a person how the run stands and what happens from there.
 */
export async function followToEnd(
  cli: Cli,
  controller: Controller,
  run: Run,
  answering: Answering,
  begin?: () => Promise<Answer<Run>>,
): Promise<ExitCode> {
  const { streams } = cli
  const failed = await tellUntilEnd(cli, controller, run, answering, begin)
  if (failed) return reportProblem(streams, failed, answering)
  const shown = await persistently(cli, () =>
    controller.askLong((api) => api.runs.showInParts.subscribe({ run: run.id })),
  )
  if (!shown.ok) return reportProblem(streams, shown.problem, answering)
  if (answering.json) printRun(streams, shown.value)
  else if (!answering.jsonl) {
    streams.err('\n')
    streams.out(runText(shown.value, streams.paint))
    sayNext(streams, shown.value.run)
  }
  return shown.value.run.state === 'holding' ? exitCodes.refused : exitOfRun(shown.value)
}

/** Null once there is nothing more to wait for: it has ended, or a person has to decide. */
async function tellUntilEnd(
  cli: Cli,
  controller: Controller,
  run: Run,
  { jsonl }: Answering,
  begin: (() => Promise<Answer<Run>>) | undefined,
): Promise<Problem | null> {
  const { streams, interruption } = cli
  interruption.says = `${run.id} goes on. To follow it again, or to end it:\n    fleetmend runs watch ${run.id}\n    fleetmend runs abort ${run.id} --reason WHY`
  // Lines for a program and a picture could meet on one terminal.
  const progress = runProgress(jsonl ? { ...streams, isLive: false } : streams, run, cli.nowMs)
  interruption.tidy = () => progress.end()
  try {
    const told = { ...cli, streams: { ...streams, err: (text: string) => progress.write(text) } }
    const story = followRun(told, controller, run.id, begin || !jsonl ? 'now' : 'its-beginning')
    if (begin) {
      const first = await story.next()
      const begun = first.done && first.value ? null : await begin()
      if (first.done) return first.value ?? (begun?.ok === false ? begun.problem : null)
      if (begun?.ok === false) {
        await story.return(null)
        return begun.problem
      }
    }
    for (;;) {
      const next = await story.next()
      if (next.done) return next.value
      const news = next.value
      if (jsonl) printNews(streams, news)
      progress.tell(news)
      if (stateIn(news) === 'holding' && (await isHeld(controller, run.id))) {
        // A person may take their time; whoever scripts this learns of it now.
        await story.return(null)
        return null
      }
    }
  } finally {
    progress.end()
    interruption.tidy = null
    interruption.says = null
  }
}

/** Now, and not only in that part of the story. */
async function isHeld(controller: Controller, run: Run['id']): Promise<boolean> {
  const shown = await controller.askLong((api) => api.runs.showInParts.subscribe({ run }))
  return shown.ok && shown.value.run.state === 'holding'
}
