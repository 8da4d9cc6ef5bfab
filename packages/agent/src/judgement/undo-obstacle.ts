/** Why an apply cannot be undone as a plan, naming what stands in the way and what a person can do about it. */
import { isFileChange, type Change } from '@fleetmend/shared'
import type { AppliedChange, AppliedFacts, LaterApply } from '../survey/undo-facts.ts'

export interface UndoObstacle {
  readonly because: string
  readonly toDo: string
}

/** Null: nothing does. */
export function undoObstacle(applied: AppliedFacts): UndoObstacle | null {
  return neverDone(applied) ?? changedSince(applied) ?? gone(applied) ?? ofOthers(applied) ?? refusedByServices(applied)
}

/** What is still as the apply left it, and so is to be put back. */
export function leftToUndo({ changes }: Pick<AppliedFacts, 'changes'>): readonly AppliedChange[] {
  return changes.filter(({ now }) => now === 'after')
}

function neverDone({ apply, outcome, plan }: AppliedFacts): UndoObstacle | null {
  const history = 'To see what was done here: `fleetmend-agent history`.'
  if (outcome === null)
    return {
      because: `${apply} is not over yet.`,
      toDo: 'Wait for its end, then plan again; `fleetmend-agent history` tells it.',
    }
  if (outcome === 'refused') return { because: `${apply} was refused and changed nothing.`, toDo: history }
  if (outcome === 'rolled-back')
    return { because: `${apply} is rolled back already: nothing of it is left.`, toDo: history }
  if (plan.changes.length > 0) return null
  return {
    because: `${apply} changed no file. A start or a reload cannot be undone.`,
    toDo: 'To have a service down again, stop it by hand.',
  }
}

function changedSince({ apply, changes }: AppliedFacts): UndoObstacle | null {
  const other = changes.filter(({ now }) => now === 'neither' || now === 'unknown')
  if (other.length === 0) return null
  const later = [
    ...new Map(other.flatMap(({ changedBy }) => (changedBy ? [[changedBy.apply, changedBy] as const] : []))).values(),
  ]
  const byHand = other.filter(({ changedBy }) => changedBy === null)
  const steps = [
    ...later.map((each) => `Undo ${each.apply} first: ${undoCommand(each)}.`),
    ...(byHand.length === 0 ? [] : ['Take back by hand what is no longer wanted there, or leave it as it is.']),
  ]
  return {
    because: `${apply} cannot be undone: ${other.map(({ says }) => says).join(' ')} Putting the old state back would lose that.`,
    toDo: steps.join(' '),
  }
}

function undoCommand({ apply, run }: LaterApply): string {
  const here = `\`fleetmend-agent plan undo-apply --input apply=${apply}\``
  return run === null ? here : `${here}, or on all hosts of its run \`fleetmend runs rollback ${run}\``
}

function gone(applied: AppliedFacts): UndoObstacle | null {
  const lost = leftToUndo(applied).filter(({ file }) => file?.isLost)
  if (lost.length === 0) return null
  return {
    because: `${applied.apply} cannot be undone: the bytes from before of ${lost.map(({ change }) => nameOf(change)).join(', ')} are not kept any more, or were changed.`,
    toDo: 'Take the change back by hand; the diff of its plan shows what it was: `fleetmend-agent history --json` has its digest.',
  }
}

/** A plan makes files of root only; the rollback on the host knows whose it was. */
function ofOthers(applied: AppliedFacts): UndoObstacle | null {
  const others = leftToUndo(applied).filter(
    ({ change }) =>
      isFileChange(change) &&
      change.after === null &&
      change.before !== null &&
      (change.before.owner !== 'root' || change.before.group !== 'root'),
  )
  if (others.length === 0) return null
  return {
    because: `${applied.apply} removed ${others.map(({ change }) => nameOf(change)).join(', ')}, which belonged to others than root, and a plan makes no such file.`,
    toDo: `On the host itself, as root: \`fleetmend-agent rollback ${applied.apply}\`.`,
  }
}

function refusedByServices({ apply, refusals }: AppliedFacts): UndoObstacle | null {
  if (refusals.length === 0) return null
  return {
    because: `${apply} cannot be undone: with the files from before, ${refusals.map(({ says }) => says).join(' ')}`,
    toDo: 'What they were like before is not worth going back to. Plan something else for what is wrong now: `fleetmend-agent diagnose`.',
  }
}

function nameOf(change: Change): string {
  return change.of === 'unit-setting' ? change.service : change.path
}
