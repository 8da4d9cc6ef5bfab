/** Tells a person what an apply does while it does it, until it is closed. Whoever stops reading does not stop the apply. */
import { safeLine, type ApplyId, type ApplyReport } from '@fleetmend/shared'
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
