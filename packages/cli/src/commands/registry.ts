/** Every command, in the order of `--help`. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { agentCommand } from './agent.ts'
import { applyCommand } from './apply.ts'
import { approveCommand, breakGlassCommand, requestCommand } from './approve.ts'
import { auditCommand } from './audit.ts'
import { completeCommand, completionCommand } from './completion.ts'
import { controllerCommand } from './controller.ts'
import { denyCommand } from './deny.ts'
import { diagnoseCommand } from './diagnose.ts'
import { fixCommand } from './fix.ts'
import { grantsCommand } from './grants.ts'
import { hostsCommand } from './hosts.ts'
import { loginCommand } from './login.ts'
import { logoutCommand } from './logout.ts'
import { planCommand } from './plan.ts'
import { runsCommand } from './runs.ts'
import { tokensCommand } from './tokens.ts'
import { whoamiCommand } from './whoami.ts'

export const commands: readonly ((cli: Cli) => CommandUnknownOpts)[] = [
  fixCommand,
  diagnoseCommand,
  planCommand,
  approveCommand,
  denyCommand,
  applyCommand,
  runsCommand,
  requestCommand,
  breakGlassCommand,
  grantsCommand,
  hostsCommand,
  agentCommand,
  auditCommand,
  loginCommand,
  logoutCommand,
  whoamiCommand,
  tokensCommand,
  controllerCommand,
  completionCommand,
]

/** For programs; in no list of what there is. */
export const hiddenCommands: typeof commands = [completeCommand]
