/** `fleetmend agent uninstall`: no agent on hosts any more; what it knows goes only with `--purge`. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { withSshWay } from '../words/ssh-options.ts'
import { jsonOption, yesOption } from '../words/target.ts'

export function agentUninstallCommand(cli: Cli) {
  const command = new Command('uninstall')
    .description('Takes the agent away from hosts. Shows what it will do, and asks.')
    .requiredOption('--ssh <address...>', 'These hosts, with your own key: names as ssh takes them.')
    .option('--purge', 'Its rules, its record and who each host is in its fleet go with it: nothing is left.')
    .option('--dry-run', 'Shows what would be done, and does nothing.')
    .option(...yesOption)
    .option(...jsonOption)
  return withSshWay(command).action(
    cli.action(async ({ ssh, ...options }) => {
      const { uninstallOverSsh } = await import('../installation/uninstall-over-ssh.ts')
      return uninstallOverSsh(cli, ssh, options)
    }),
  )
}
