/** What became of an apply, told from its journal. Pure: there is no second record that could disagree. */
import type { ApplyPhase, ApplyReport } from '@fleetmend/shared'
import type { EntryOf, JournalEntry } from './journal-entry.ts'

/** Null for a journal that does not begin with an admission: then nothing was begun. */
export function applyReport(entries: readonly JournalEntry[]): ApplyReport | null {
  const [admitted] = entries
  if (admitted?.entry !== 'admitted') return null
  const closed = isClosed(entries) ? lastOf(entries, 'closed') : null
  return {
    apply: admitted.apply,
    host: admitted.host,
    plan: admitted.plan,
    remediations: admitted.remediations,
    authority: admitted.authority,
    phase: phaseOf(entries),
    outcome: closed?.outcome ?? null,
    startedAt: admitted.at,
    endedAt: closed?.at ?? null,
    timeline: entries.flatMap(({ at, says }) => (says === '' ? [] : [{ at, says }])),
    verdict: closed?.verdict ?? lastOf(entries, 'rolling-back')?.verdict ?? null,
    problem: closed?.problem ?? null,
  }
}

/** A closed apply that is rolled back on request is open again until that is done. */
export function isClosed(entries: readonly JournalEntry[]): boolean {
  return phaseOf(entries) === 'closed'
}

export function phaseOf(entries: readonly JournalEntry[]): ApplyPhase {
  let phase: ApplyPhase = 'intent'
  for (const { entry } of entries) {
    if (entry in phases) phase = phases[entry as keyof typeof phases]
  }
  return phase
}

const phases = {
  admitted: 'intent',
  intent: 'intent',
  changed: 'changed',
  acted: 'acted',
  watching: 'watching',
  'rolling-back': 'rolling-back',
  closed: 'closed',
} as const satisfies Partial<Record<JournalEntry['entry'], ApplyPhase>>

export function lastOf<Kind extends JournalEntry['entry']>(
  entries: readonly JournalEntry[],
  kind: Kind,
): EntryOf<Kind> | null {
  return entries.findLast((each): each is EntryOf<Kind> => each.entry === kind) ?? null
}
