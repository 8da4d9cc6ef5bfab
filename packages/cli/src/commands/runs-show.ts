/** `fleetmend runs show RUN`: what a run would do, or its story and what became of it; of one host, too. */
import { exitCodes, problem, safeLine, type ExitCode, type RunView } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import type { Controller } from '../connection/controller.ts'
import { printRun } from '../documents.ts'
import { showLong } from '../pager.ts'
import { reportProblem, type Answering } from '../report-problem.ts'
import { withRun } from '../runs/with-run.ts'
import { sayNext } from '../views/next-command.ts'
import { hostPlanText, runPlanText } from '../views/run-plan-text.ts'
import { hostRunText, runText } from '../views/run-text.ts'
import { storyText } from '../views/story-text.ts'
import { jsonOption, runArgument } from '../words/target.ts'

export function runsShowCommand(cli: Cli) {
  return new Command('show')
    .description('What a run would do, while it waits; afterwards its story in order, and what became of each host.')
    .argument(...runArgument)
    .option('--diffs', 'Its diffs too, when it is over.')
    .option('--host <host>', 'Only this one: its own plan, as `patch -p1` takes its diffs, and what became of it.')
    .option(...jsonOption)
    .action(
      cli.action((id, options) =>
        withRun(cli, id, options, async (view, controller) => {
          const { host, json, diffs } = options
          if (host !== undefined && !view.run.hosts.some((each) => each.id === host))
            return noSuchHost(cli, view, host, options)
          if (json) printRun(cli.streams, host === undefined ? view : onlyOf(view, host))
          else if (host !== undefined) await showHost(cli, view, host)
          else return showRun(cli, controller, view, diffs === true)
          return exitCodes.done
        }),
      ),
    )
}

async function showRun(cli: Cli, controller: Controller, view: RunView, alsoDiffs: boolean): Promise<ExitCode> {
  const { streams } = cli
  const { run } = view
  const isToBeDecided = run.state === 'awaiting-approval'
  const plan = isToBeDecided || alsoDiffs ? [runPlanText(view, streams.paint)] : []
  if (isToBeDecided) await showLong(cli, plan.join(''))
  else {
    const told = await controller.askLong((api) => api.runs.storyInParts.subscribe({ run: run.id }))
    if (!told.ok) return reportProblem(streams, told.problem)
    const story = `${streams.paint.dim('What happened')}\n${storyText(told.value, streams.paint)}`
    await showLong(cli, [...plan, story, runText(view, streams.paint)].join('\n'))
  }
  sayNext(streams, run, view.followedBy)
  return exitCodes.done
}

async function showHost(cli: Cli, view: RunView, host: string): Promise<void> {
  const { paint } = cli.streams
  await showLong(cli, [hostPlanText(view, host, paint), hostRunText(view, host, paint)].filter(Boolean).join('\n'))
}

function onlyOf({ run, plans, reports }: RunView, host: string): RunView {
  return {
    run: { ...run, hosts: run.hosts.filter(({ id }) => id === host) },
    plans: plans.filter(({ plan }) => plan.host === host),
    reports: reports.filter((report) => report.host === host),
  }
}

function noSuchHost({ streams }: Cli, { run }: RunView, host: string, answering: Answering): ExitCode {
  const says = `There is no host "${safeLine(host)}" in ${run.id}. To see those there are:\n    fleetmend runs show ${run.id}`
  return reportProblem(streams, problem('unknown-host', says), answering)
}
