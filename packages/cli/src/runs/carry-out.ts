/** Begins an approved run, and follows it to its end with whoever asked; the run itself needs nobody to watch it. */
import { exitCodes, type ExitCode, type Problem, type Run } from '@fleetmend/shared'
import { whoAsks, type Cli } from '../cli.ts'
import type { Controller } from '../connection/controller.ts'
import { followRun } from '../connection/follow-run.ts'
import { persistently } from '../connection/persist.ts'
import { submitDeed } from '../connection/submit-deed.ts'
import { printNews, printRun } from '../documents.ts'
import { runProgress } from '../progress/run-progress.ts'
import { reportProblem, type Answering } from '../report-problem.ts'
import { sayNext } from '../views/next-command.ts'
import { runText } from '../views/run-text.ts'
import { exitOfRun } from './exit-of-run.ts'

export async function carryOut(cli: Cli, controller: Controller, run: Run, answering: Answering): Promise<ExitCode> {
  const begun = await submitDeed(cli, controller, {
    run: run.id,
    submit: (api) => api.runs.begin.mutate({ run: run.id, by: whoAsks(cli) }),
    arrived: ({ state }) => state !== 'approved' && state !== 'awaiting-approval',
  })
  if (!begun.ok) return reportProblem(cli.streams, begun.problem, answering)
  // What came before was shown when it was decided on.
  return followToEnd(cli, controller, begun.value, answering, 'apply-started')
}

/** `since`: the type of the event with which the telling begins; left out: the whole story. */
export async function followToEnd(
  cli: Cli,
  controller: Controller,
  run: Run,
  answering: Answering,
  since?: string,
): Promise<ExitCode> {
  const { streams } = cli
  const failed = await tellUntilEnd(cli, controller, run, answering, since)
  if (failed) return reportProblem(streams, failed, answering)
  const shown = await persistently(cli, () => controller.ask((api) => api.runs.show.query({ run: run.id })))
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
  since: string | undefined,
): Promise<Problem | null> {
  const { streams, interruption } = cli
  interruption.says = `${run.id} goes on. To follow it again, or to end it:\n    fleetmend runs watch ${run.id}\n    fleetmend runs abort ${run.id} --reason WHY`
  // Lines for a program and a picture could meet on one terminal.
  const progress = runProgress(jsonl ? { ...streams, isLive: false } : streams, run, cli.nowMs)
  interruption.tidy = () => progress.end()
  try {
    const story = followRun(
      { ...cli, streams: { ...streams, err: (text) => progress.write(text) } },
      controller,
      run.id,
    )
    let isTold = since === undefined
    for (;;) {
      const next = await story.next()
      if (next.done) return next.value
      const news = next.value
      isTold ||= news.news === 'event' && news.event.type === since
      if (!isTold) continue
      if (jsonl) printNews(streams, news)
      progress.tell(news)
      if (news.news === 'event' && news.state === 'holding' && (await isHeld(controller, run.id))) {
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
  const shown = await controller.ask((api) => api.runs.show.query({ run }))
  return shown.ok && shown.value.run.state === 'holding'
}
