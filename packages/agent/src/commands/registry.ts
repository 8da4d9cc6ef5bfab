/** Every command, in the order of `--help`. */
import { applyCommand } from './apply.ts'
import type { Command } from './define.ts'
import { diagnoseCommand } from './diagnose.ts'
import { enrolCommand } from './enrol.ts'
import { historyCommand } from './history.ts'
import { planCommand } from './plan.ts'
import { rollbackCommand } from './rollback.ts'
import { serveCommand } from './serve.ts'
import { versionCommand } from './version.ts'

export const commands: readonly Command[] = [
  diagnoseCommand,
  planCommand,
  applyCommand,
  rollbackCommand,
  historyCommand,
  enrolCommand,
  serveCommand,
  versionCommand,
]
