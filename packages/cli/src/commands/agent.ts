/** `fleetmend agent`: puts the agent on hosts to stay, and takes it away, over SSH with your own key. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { agentInstallCommand } from './agent-install.ts'
import { agentUninstallCommand } from './agent-uninstall.ts'

export function agentCommand(cli: Cli) {
  return new Command('agent')
    .description('The agent on hosts: install, uninstall, over SSH.')
    .addCommand(agentInstallCommand(cli))
    .addCommand(agentUninstallCommand(cli))
}
