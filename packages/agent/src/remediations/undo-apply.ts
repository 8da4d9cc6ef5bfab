/**
 * Undo what an apply changed, as a plan of its own: drafted from the bytes that its journal keeps, and approved, checked,
 * journaled and verified like any other. A rollback over the wire would let whoever has taken a controller undo repairs.
 */
import { ApplyId, isFileChange, RunId, undoRemediation, type Change } from '@fleetmend/shared'
import * as z from 'zod/mini'
import { failedBefore, mayReturn } from '../judgement/may-return.ts'
import { leftToUndo, undoObstacle } from '../judgement/undo-obstacle.ts'
import { forPeople } from '../readings/bytes.ts'
import type { AppliedChange, AppliedFacts } from '../survey/undo-facts.ts'
import { defineRemediation, type FileEdit } from './define.ts'
import { refused } from './service-input.ts'
import { undoParts } from './undo-parts.ts'

export const undoApply = defineRemediation({
  id: undoRemediation,
  title: 'Undo what an apply changed',
  meaning:
    'Puts every file back as it was before an apply of this host, byte for byte; what the apply made is removed, what it ' +
    'removed is made again, modes of folders and what systemd remembers of a unit are as before. Who reads these files is ' +
    'told in the way the apply told them, after the same checks. It refuses, and says why, where a file was changed again ' +
    'since, by a person or a later apply, where the bytes from before are gone, and where a service would not accept them. ' +
    'It brings back what was there before, on purpose or not, so that a site that failed then may fail again: that does ' +
    'not put the undo back. What passes now and did not fail then must pass afterwards, or it is put back.',
  disturbs:
    'What the apply itself disturbed: a reload of PHP-FPM lets new requests wait, and a restart, where the apply needed ' +
    'one, cuts off what is in flight.',
  undone: 'The state after the first apply comes back: undoing an undo does again what was done.',
  clears: [],
  byHand: 'On the host itself, as root: `fleetmend-agent rollback APPLY`.',
  input: z
    .strictObject({
      apply: z.exactOptional(
        ApplyId.check(
          z.describe('The apply by its id, as `fleetmend-agent history` shows it: `a-20261121-031502-9f3c`.'),
        ),
      ),
      run: z.exactOptional(
        RunId.check(z.describe('Or the run that the apply was a part of, by its id: `r-20261121-031455-41bd`.')),
      ),
    })
    .check(
      z.refine(({ apply, run }) => (apply === undefined) !== (run === undefined), 'It takes either an apply or a run.'),
    ),

  draft(facts, { apply, run }) {
    const { undo } = facts
    if (!undo)
      return refused(`What ${apply ?? run} changed was not read here.`, 'Plan it on the host that carried it out.')
    if (!undo.known) return refused(undo.says, undo.toDo)
    const applied = undo.value
    const obstacle = undoObstacle(applied)
    if (obstacle) return refused(obstacle.because, obstacle.toDo)
    const left = leftToUndo(applied)
    if (left.length === 0) return { kind: 'nothing-to-do', because: asBefore(applied) }
    const parts = undoParts(facts, applied)
    if (!parts.ok) return parts.refused
    const { warnings, ...rest } = parts.value
    return {
      kind: 'draft',
      because: `${named(applied)} is undone: what it changed is put back as it was.`,
      arithmetic: [],
      edits: left.flatMap(editOf),
      besides: left.flatMap(({ change }) => (isFileChange(change) ? [] : [turnedRound(change)])),
      clears: [],
      mayReturn: mayReturn(facts, applied),
      ...rest,
      warnings: [...expected(applied), ...warnings, ...leftAlone(applied)],
    }
  },
})

function named({ apply, run, plan, startedAt }: AppliedFacts): string {
  const ids = plan.remediations.map(({ id }) => id).join(', ')
  return `${apply} (${ids}, at ${startedAt}${run === null ? '' : `, of ${run}`})`
}

/** Whoever approves an undo is to know what they approve: it mended something once. */
function expected(applied: AppliedFacts): readonly string[] {
  const failed = failedBefore(applied)
  return failed === null
    ? ['Nothing was seen to fail before what is undone, so that nothing should fail after it.']
    : [
        `The failure that was there before may return: ${failed}. That is no reason to put the undo back; what else fails is.`,
      ]
}

function asBefore({ apply, changes }: AppliedFacts): string {
  const [by] = changes.flatMap(({ changedBy }) => changedBy ?? [])
  return `Everything that ${apply} changed is as it was before it${by ? `: ${by.apply} (${by.remediations.join(', ')}) has put it back` : ''}.`
}

function leftAlone({ changes, made, plan }: AppliedFacts): readonly string[] {
  const back = changes.filter(({ now }) => now === 'before').map(({ change }) => nameOf(change))
  const isRemoved = plan.changes.some((change) => isFileChange(change) && change.before === null)
  return [
    ...(back.length === 0 ? [] : [`As it was already, and left alone: ${back.join(', ')}.`]),
    ...(isRemoved && made.length > 0 ? [`The folder ${made.join(', ')} was made for it, and stays, empty.`] : []),
  ]
}

function editOf({ change, file }: AppliedChange): readonly FileEdit[] {
  if (!isFileChange(change) || !file) return []
  const path = file.named
  if (file.now !== null) return [{ edit: 'replace', path, before: file.now, after: file.before }]
  const mode = Number.parseInt(change.before?.mode ?? '0644', 8)
  return [{ edit: 'create', path, text: file.before ?? '', mode }]
}

function turnedRound<C extends Exclude<Change, { of: 'file' }>>(change: C): C {
  return { ...change, before: change.after, after: change.before }
}

function nameOf(change: Change): string {
  return change.of === 'unit-setting' ? `${change.service} (${change.setting})` : forPeople(change.path)
}
