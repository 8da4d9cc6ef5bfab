/** `fleetmend runs pause|resume|promote|abort RUN`: the brakes of a run, and letting them go. */
import { Digest, exitCodes, problem, type ExitCode, type Run } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import { whoAsks, type Cli } from '../cli.ts'
import type { Deed } from '../connection/submit-deed.ts'
import { submitDeed } from '../connection/submit-deed.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson } from '../documents.ts'
import { reportProblem, type Answering } from '../report-problem.ts'
import { runStateWords } from '../views/run-words.ts'
import { jsonOption, reasonOption, runArgument } from '../words/target.ts'

export function runsPauseCommand(cli: Cli) {
  return new Command('pause')
    .description('Lets no further host begin. Those at work are not interrupted.')
    .argument(...runArgument)
    .requiredOption(...reasonOption)
    .option(...jsonOption)
    .action(
      cli.action((run, options) => {
        const input = { run, by: whoAsks(cli), reason: options.reason }
        return submit(cli, options, {
          run,
          submit: (api) => api.runs.pause.mutate(input),
          arrived: ({ state }) => state === 'paused',
        })
      }),
    )
}

export function runsResumeCommand(cli: Cli) {
  return new Command('resume')
    .description('Goes on with a paused run.')
    .argument(...runArgument)
    .option(...jsonOption)
    .action(
      cli.action((run, options) =>
        submit(cli, options, {
          run,
          submit: (api) => api.runs.resume.mutate({ run, by: whoAsks(cli) }),
          arrived: ({ state }) => state !== 'paused',
        }),
      ),
    )
}

export function runsPromoteCommand(cli: Cli) {
  return new Command('promote')
    .description('Lets the next hosts of a change follow, when the run waits for a person to say so.')
    .argument(...runArgument)
    .requiredOption('--group <group>', 'The change group, as `runs show` prints it.')
    .option(...jsonOption)
    .action(
      cli.action((run, options) => {
        const group = Digest.safeParse(options.group)
        if (!group.success) {
          const says = `"${options.group}" is no change group. To see those of the run:\n    fleetmend runs show ${run}`
          return Promise.resolve(reportProblem(cli.streams, problem('usage', says), options))
        }
        return submit(cli, options, {
          run,
          submit: (api) => api.runs.promote.mutate({ run, by: whoAsks(cli), group: group.data }),
          // A change may be promoted wave by wave: only one that waits no more shows that the word arrived.
          arrived: ({ state, groups }) =>
            state !== 'holding' && groups.some(({ key, promoted }) => key === group.data && promoted !== null),
        })
      }),
    )
}

export function runsAbortCommand(cli: Cli) {
  return new Command('abort')
    .description('Ends a run. Hosts at work finish what they have begun; no other begins.')
    .argument(...runArgument)
    .requiredOption(...reasonOption)
    .option(...jsonOption)
    .action(
      cli.action((run, options) => {
        const input = { run, by: whoAsks(cli), reason: options.reason }
        return submit(cli, options, {
          run,
          submit: (api) => api.runs.abort.mutate(input),
          arrived: ({ stopping, state }) => stopping !== null || state === 'aborted',
        })
      }),
    )
}

function submit(cli: Cli, answering: Answering, deed: Deed): Promise<ExitCode> {
  return withController(cli, async (controller) => {
    const submitted = await submitDeed(cli, controller, deed)
    if (!submitted.ok) return reportProblem(cli.streams, submitted.problem, answering)
    say(cli, submitted.value, answering)
    return exitCodes.done
  })
}

function say({ streams }: Cli, run: Run, { json }: Answering): void {
  if (json) printJson(streams, { format: 'fleetmend.run/1', run, plans: [], reports: [] })
  else streams.out(`${run.id} is now: ${runStateWords[run.state]}.\n`)
}
