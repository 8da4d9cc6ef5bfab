/** What became of an apply, told from its journal. Pure: there is no second record that could disagree. */
import type { ApplyPhase, ApplyReport, Problem, TimelineEntry } from '@fleetmend/shared'
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
    timeline: phasedTimeline(entries).map(({ entry }) => entry),
    verdict: closed?.verdict ?? lastOf(entries, 'rolling-back')?.verdict ?? null,
    problem: closed?.problem ?? null,
  }
}

/** A closed apply is open again from when its rollback is asked for until that is done or refused. */
export function isClosed(entries: readonly JournalEntry[]): boolean {
  return phaseOf(entries) === 'closed'
}

/** A rollback that was asked for and that nobody has begun or refused yet. */
export function askedRollback(entries: readonly JournalEntry[]): EntryOf<'rollback-asked'> | null {
  const last = lastStep(entries)
  return last?.entry === 'rollback-asked' ? last : null
}

/** Why the rollback that was asked for last was refused; null when it was not. */
export function refusedRollback(entries: readonly JournalEntry[]): Problem | null {
  const last = lastStep(entries)
  return last?.entry === 'rollback-refused' ? last.problem : null
}

function lastStep(entries: readonly JournalEntry[]): JournalEntry | undefined {
  return entries.findLast(({ entry }) => entry in phases)
}

export function phaseOf(entries: readonly JournalEntry[]): ApplyPhase {
  return entries.reduce(phaseAfter, 'intent')
}

export interface PhasedEntry {
  readonly phase: ApplyPhase
  readonly entry: TimelineEntry
}

/** What people see of a journal, each line with the phase that it belongs to. */
export function phasedTimeline(entries: readonly JournalEntry[]): readonly PhasedEntry[] {
  let phase: ApplyPhase = 'intent'
  return entries.flatMap((each) => {
    phase = phaseAfter(phase, each)
    return each.says === '' ? [] : [{ phase, entry: { at: each.at, says: each.says } }]
  })
}

function phaseAfter(phase: ApplyPhase, { entry }: JournalEntry): ApplyPhase {
  return entry in phases ? phases[entry as keyof typeof phases] : phase
}

const phases = {
  admitted: 'intent',
  intent: 'intent',
  changed: 'changed',
  acted: 'acted',
  watching: 'watching',
  'rollback-asked': 'rolling-back',
  'rolling-back': 'rolling-back',
  'rollback-refused': 'closed',
  closed: 'closed',
} as const satisfies Partial<Record<JournalEntry['entry'], ApplyPhase>>

export function lastOf<Kind extends JournalEntry['entry']>(
  entries: readonly JournalEntry[],
  kind: Kind,
): EntryOf<Kind> | null {
  return entries.findLast((each): each is EntryOf<Kind> => each.entry === kind) ?? null
}
