/** Tells a person what an apply does while it does it, until it is closed. Whoever stops reading does not stop the apply. */
import { problem, safeLine, type ApplyId, type ApplyReport, type Problem } from '@fleetmend/shared'
import { applyUnitName, type ApplyUnit } from '../execute/apply-unit.ts'
import { followApply } from '../execute/follow.ts'
import type { StateFolder } from '../state/state-folder.ts'
import type { Streams } from './define.ts'

/** `seen`: lines of its timeline that are left out, because they are older than what is followed. */
export async function showProgress(
  streams: Streams,
  state: StateFolder,
  id: ApplyId,
  seen = 0,
): Promise<ApplyReport | null> {
  const following = followApply(state, id, { seen })
  for (;;) {
    const next = await following.next()
    if (next.done) return next.value
    const { at, says } = next.value.entry
    streams.err(`  ${streams.paint.dim(at.slice(11, 19))}  ${safeLine(says)}\n`)
  }
}

/** What is said when there is nothing more to follow: the process at work tells the log of its unit how the host is. */
export function recordLost(task: ApplyUnit['task'], id: ApplyId): Problem {
  return problem(
    'stuck',
    `Cannot tell what became of ${id}: its record is gone, and without it nothing more is done. What is changed, and how to undo it by hand:\n    journalctl -u ${applyUnitName({ task, id })}`,
  )
}
