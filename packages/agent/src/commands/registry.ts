/** Every command, in the order of `--help`. */
import type { Command } from './define.ts'
import { diagnoseCommand } from './diagnose.ts'
import { planCommand } from './plan.ts'
import { versionCommand } from './version.ts'

export const commands: readonly Command[] = [diagnoseCommand, planCommand, versionCommand]
