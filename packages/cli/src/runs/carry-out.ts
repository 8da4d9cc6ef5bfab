/** Begins an approved run, and follows it to its end with whoever asked; the run itself needs nobody to watch it. */
import { exitCodes, type ExitCode, type Run } from '@fleetmend/shared'
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
  const { streams, interruption } = cli
  interruption.says = `${run.id} goes on. To follow it again, or to end it:\n    fleetmend runs watch ${run.id}\n    fleetmend runs abort ${run.id} --reason WHY`
  const progress = runProgress(streams, run, cli.nowMs)
  const news = followRun(cli, controller, run.id)
  let isTold = since === undefined
  for (;;) {
    const next = await news.next()
    if (next.done) {
      progress.end()
      interruption.says = null
      if (next.value) return reportProblem(streams, next.value, answering)
      break
    }
    isTold ||= next.value.news === 'event' && next.value.event.type === since
    if (!isTold) continue
    if (answering.jsonl) printNews(streams, next.value)
    progress.tell(next.value)
    if (next.value.news === 'event' && next.value.state === 'holding' && (await isHeld(controller, run.id))) {
      // A person has to decide, and may take their time; whoever scripts this learns of it now.
      progress.end()
      interruption.says = null
      await news.return(null)
      break
    }
  }
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

/** Now, and not only in that part of the story. */
async function isHeld(controller: Controller, run: Run['id']): Promise<boolean> {
  const shown = await controller.ask((api) => api.runs.show.query({ run }))
  return shown.ok && shown.value.run.state === 'holding'
}
