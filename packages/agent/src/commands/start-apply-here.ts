/** Begins the work of an apply, or of its rollback, in a transient unit of this host, by running this very agent again. */
import type { ApplyId } from '@fleetmend/shared'
import { startApplyUnit, type ApplyUnit, type Started } from '../execute/apply-unit.ts'
import type { StartApply } from '../execute/begin-apply.ts'
import type { StartRollback } from '../execute/begin-rollback.ts'
import { runTool } from '../host/run-tool.ts'
import { runningSelf } from '../host/self.ts'
import { internalApply, internalRecover, internalRollback } from './internal-names.ts'

export const startApplyHere: StartApply = (id) => startHere('apply', internalApply, id)

export const startRollbackHere: StartRollback = (id) => startHere('rollback', internalRollback, id)

function startHere(task: ApplyUnit['task'], command: string, id: ApplyId): Promise<Started> {
  return startApplyUnit(runTool, {
    task,
    id,
    self: runningSelf(),
    work: [command, id],
    recovery: [internalRecover, id],
  })
}
