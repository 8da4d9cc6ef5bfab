/** Begins the work of an apply in a transient unit of this host, by running this very agent again. */
import { startApplyUnit } from '../execute/apply-unit.ts'
import type { StartApply } from '../execute/begin-apply.ts'
import { runTool } from '../host/run-tool.ts'
import { runningSelf } from '../host/self.ts'
import { internalApply, internalRecover } from './internal-names.ts'

export const startApplyHere: StartApply = (id) =>
  startApplyUnit(runTool, { id, self: runningSelf(), work: [internalApply, id], recovery: [internalRecover, id] })
