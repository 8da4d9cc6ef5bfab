/** Every command, in the order of `--help`. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { applyCommand } from './apply.ts'
import { approveCommand } from './approve.ts'
import { controllerCommand } from './controller.ts'
import { diagnoseCommand } from './diagnose.ts'
import { fixCommand } from './fix.ts'
import { hostsCommand } from './hosts.ts'
import { planCommand } from './plan.ts'
import { runsCommand } from './runs.ts'

export const commands: readonly ((cli: Cli) => CommandUnknownOpts)[] = [
  fixCommand,
  diagnoseCommand,
  planCommand,
  approveCommand,
  applyCommand,
  runsCommand,
  hostsCommand,
  controllerCommand,
]
