/** Follows an apply by its journal, from any process and as often as wanted: nothing else knows more than the journal. */
import { watch } from 'node:fs'
import type { ApplyId, ApplyReport } from '@fleetmend/shared'
import { journalFile } from '../state/apply-record.ts'
import { applyReport, isClosed, phasedTimeline, type PhasedEntry } from '../state/apply-report.ts'
import { readJournalFile } from '../state/journal.ts'
import type { StateFolder } from '../state/state-folder.ts'

export interface FollowOptions {
  /** Timeline entries already shown, when this goes on after a restart. */
  readonly seen?: number
  /** Ends following, not the apply. */
  readonly signal?: AbortSignal
}

/** Yields each timeline entry once; answers with the report when the apply is closed, or as it stands when aborted. */
export async function* followApply(
  state: StateFolder,
  id: ApplyId,
  options: FollowOptions = {},
): AsyncGenerator<PhasedEntry, ApplyReport | null> {
  const path = journalFile(state, id)
  let shown = options.seen ?? 0
  for (;;) {
    const changed = nextChange(path, options.signal)
    const read = await readJournalFile(path)
    const report = read.ok ? applyReport(read.value.entries) : null
    const timeline = read.ok ? phasedTimeline(read.value.entries) : []
    yield* timeline.slice(shown)
    shown = Math.max(shown, timeline.length)
    const ended = !read.ok || report === null || isClosed(read.value.entries) || options.signal?.aborted
    if (ended) {
      changed.stop()
      return report
    }
    await changed.happened
  }
}

/** inotify tells of local writes; looking again now and then covers file systems on which it does not. */
const lookAgainMs = 1000

function nextChange(path: string, signal: AbortSignal | undefined): { readonly happened: Promise<void>; stop(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = () => {
    clearTimeout(timer)
    watcher?.close()
    signal?.removeEventListener('abort', stop)
    resolve()
  }
  const timer = setTimeout(stop, lookAgainMs)
  const watcher = watchOrNull(path, stop)
  signal?.addEventListener('abort', stop, { once: true })
  return { happened: promise, stop }
}

function watchOrNull(path: string, changed: () => void): ReturnType<typeof watch> | null {
  try {
    const watcher = watch(path, { persistent: false }, changed)
    return watcher.on('error', changed)
  } catch {
    // Gone, or out of inotify watches: the timer is enough.
    return null
  }
}
