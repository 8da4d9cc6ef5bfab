/** Hosts that are reached over SSH by the person who types, and how: options of `diagnose`, `plan`, `fix` and `agent`. */
import { Option, type Command, type OptionValues } from '@commander-js/extra-typings'
import { problem, type Problem } from '@fleetmend/shared'
import type { RunOptions } from './run-options.ts'

export interface SshOptions {
  readonly ssh?: readonly string[] | undefined
  readonly sshDriver?: 'ssh2' | 'system' | undefined
  readonly sshConfig?: string | undefined
  readonly acceptNew?: true | undefined
  readonly keep?: true | undefined
}

export function withSshOptions<Words extends unknown[], Known extends OptionValues>(command: Command<Words, Known>) {
  return withSshWay(
    command.option(
      '--ssh <address...>',
      'These hosts, over SSH with your own key and without a controller: names as ssh takes them. An agent is put there for the session where none is installed.',
    ),
  ).option('--keep', 'With --ssh: leaves the agent where it was put, for the next time.')
}

/** How they are reached. */
export function withSshWay<Words extends unknown[], Known extends OptionValues>(command: Command<Words, Known>) {
  return command
    .addOption(
      new Option('--ssh-driver <driver>', 'ssh2 here, or the ssh program of this computer (system).').choices([
        'ssh2',
        'system',
      ] as const),
    )
    .option(
      '--ssh-config <file>',
      'With --ssh: this ssh_config instead of your own and that of this computer, as ssh -F.',
    )
    .option('--accept-new', 'With --ssh: writes down the key of a host that is not known yet, instead of refusing it.')
}

/** What bounds a run, and only a controller keeps to it: by its option, for `sshProblem`. */
export function wordsOfRuns(options: Partial<RunOptions>): Readonly<Record<string, unknown>> {
  return {
    '--reason': options.reason,
    '--canary-labels': options.canaryLabels,
    '--between': options.between,
    '--at-once': options.atOnce,
    '--max-unreachable': options.maxUnreachable,
    '--max-rolled-back': options.maxRolledBack,
    '--window': options.window,
    '--deadline': options.deadline,
    '--wait-for-hosts': options.waitForHosts,
    '--jsonl': options.jsonl,
  }
}

/** Null: the other words go with it. `others`: what only a controller can answer, by its option. */
export function sshProblem(
  { ssh, sshDriver, sshConfig, acceptNew, keep }: SshOptions,
  names: readonly string[],
  others: Readonly<Record<string, unknown>>,
): Problem | null {
  if (ssh === undefined) {
    const alone = Object.entries({
      '--ssh-driver': sshDriver,
      '--ssh-config': sshConfig,
      '--accept-new': acceptNew,
      '--keep': keep,
    })
    const [option] = alone.find(([, value]) => value !== undefined) ?? []
    return option === undefined ? null : problem('usage', `${option} goes with --ssh HOST….`)
  }
  if (names.length > 0)
    return problem('usage', 'Either hosts of a controller, or hosts over SSH: name those to be reached after --ssh.')
  const [option] = Object.entries(others).find(([, value]) => value !== undefined) ?? []
  if (option === undefined) return null
  return problem('usage', `${option} needs a controller, and --ssh does without one.`)
}

/** SSH and what is put on hosts: much to load, for those who ask for it. */
export const overSsh = () => import('../ssh/over-ssh.ts')
