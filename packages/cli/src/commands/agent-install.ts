/** `fleetmend agent install`: the agent, its units and its rules on hosts to stay, and the hosts in their fleet. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { reportProblem } from '../report-problem.ts'
import { labels } from '../words/labels.ts'
import { withSshWay } from '../words/ssh-options.ts'
import { jsonOption, yesOption } from '../words/target.ts'

export function agentInstallCommand(cli: Cli) {
  const command = new Command('install')
    .description('Puts the agent on hosts, or a newer one in its place. Shows what it will do, and asks.')
    .requiredOption('--ssh <address...>', 'These hosts, with your own key: names as ssh takes them.')
    .option(
      '--approvers <file>',
      'Whose signatures the hosts take: becomes /etc/fleetmend/approvers where there is none.',
    )
    .option('--policy <file>', 'What the hosts let be done: becomes /etc/fleetmend/policy.yaml where there is none.')
    .option('--replace-policy', 'Also where the hosts have others.')
    .option(
      '--join-token-file <file>',
      'A token from `hosts invite` that lets one host in; `-`: standard input. Without it, each host is invited by the controller that you are signed in to.',
    )
    .option('--no-enrol', 'Lets no host into a fleet.')
    .option('--label <key=value>', 'A label that the hosts get in their fleet; may be repeated.', labels, {})
    .option('--dry-run', 'Shows what would be done, and does nothing.')
    .option(...yesOption)
    .option(...jsonOption)
  return withSshWay(command).action(
    cli.action(async ({ ssh, ...options }) => {
      const { installOverSsh, wantedFrom } = await import('../installation/install-over-ssh.ts')
      const wanted = await wantedFrom(cli, ssh, options)
      if (!wanted.ok) return reportProblem(cli.streams, wanted.problem, options)
      return installOverSsh(cli, ssh, wanted.value, options)
    }),
  )
}
