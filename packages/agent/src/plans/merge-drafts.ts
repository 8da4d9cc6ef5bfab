/** Several remediations as one: each file changed once, each service checked once and acted on once. */
import type { Act, BasisItem, Change, Check, Guard, Plan } from '@fleetmend/shared'
import { applySplices } from '../readings/splice.ts'
import type { Draft, FileEdit } from '../remediations/define.ts'

export interface MergedFile {
  readonly path: string
  /** Byte text; null when the file does not exist yet. */
  readonly before: string | null
  /** Null when the file is to be gone. */
  readonly after: string | null
  /** For a file that does not exist yet. */
  readonly mode: number
  /** Lines that are hidden from people may change, too. */
  readonly mayChangeHidden: boolean
}

export interface Merged {
  readonly files: readonly MergedFile[]
  readonly besides: readonly Exclude<Change, { of: 'file' }>[]
  readonly checks: readonly Check[]
  readonly acts: readonly Act[]
  readonly clears: Plan['clears']
  readonly mayReturn: Plan['mayReturn']
  readonly disturbs: readonly string[]
  readonly warnings: readonly string[]
  readonly basis: readonly BasisItem[]
  readonly guards: readonly Guard[]
  readonly forecast: readonly string[]
}

export type Merging = { readonly ok: true; readonly value: Merged } | { readonly ok: false; readonly says: string }

/** `original` is the text each file had when the facts were read. */
export function mergeDrafts(drafts: readonly Draft[], original: (path: string) => string | null): Merging {
  const files: MergedFile[] = []
  // What may fail after an undo would hide what another one breaks.
  if (drafts.length > 1 && drafts.some(({ mayReturn }) => mayReturn))
    return {
      ok: false,
      says: 'an undo is planned alone, or nobody could tell what the rest of the plan did',
    }
  for (const [path, edits] of Map.groupBy(
    drafts.flatMap((draft) => draft.edits),
    (edit) => edit.path,
  )) {
    const file = mergeFile(path, edits, original(path))
    if (!file.ok) return file
    if (file.value.before !== file.value.after) files.push(file.value)
  }
  const acts = mergeActs(drafts.flatMap((draft) => draft.acts))
  // A reload that a restart makes needless disturbs nobody.
  const done = drafts.filter((draft) => draft.acts.length === 0 || draft.acts.some((act) => isAmong(act, acts)))
  const checks = distinct(drafts.flatMap((draft) => draft.checks))
  return {
    ok: true,
    value: {
      files,
      besides: distinct(drafts.flatMap((draft) => draft.besides ?? [])),
      checks: [
        ...checks.filter((check) => check.when === 'planned'),
        ...checks.filter((check) => check.when === 'live'),
      ],
      acts,
      clears: distinct(drafts.flatMap((draft) => draft.clears)),
      mayReturn: drafts[0]?.mayReturn,
      disturbs: distinct(done.flatMap((draft) => draft.disturbs)),
      warnings: distinct(drafts.flatMap((draft) => draft.warnings)),
      basis: distinct(drafts.flatMap((draft) => draft.basis)),
      guards: distinct(drafts.flatMap((draft) => draft.guards)),
      forecast: distinct(done.flatMap((draft) => draft.forecast)),
    },
  }
}

function mergeFile(
  path: string,
  edits: readonly FileEdit[],
  before: string | null,
): { ok: true; value: MergedFile } | { ok: false; says: string } {
  const created = edits.find((edit) => edit.edit === 'create')
  if (created) {
    if (before !== null || edits.some((edit) => edit.edit !== 'create' || edit.text !== created.text)) {
      return { ok: false, says: `two remediations disagree about ${path}` }
    }
    return { ok: true, value: { path, before: null, after: created.text, mode: created.mode, mayChangeHidden: false } }
  }
  const replaced = edits.find((edit) => edit.edit === 'replace')
  if (replaced) {
    if (edits.some((edit) => edit.edit !== 'replace' || edit.after !== replaced.after))
      return { ok: false, says: `two remediations disagree about ${path}` }
    const { before: from, after: to } = replaced
    return { ok: true, value: { path, before: from, after: to, mode: 0o644, mayChangeHidden: true } }
  }
  if (before === null) return { ok: false, says: `${path} is to be edited but was not read` }
  const after = applySplices(
    before,
    edits.flatMap((edit) => (edit.edit === 'splice' ? edit.splices : [])),
  )
  if (!after.ok) return { ok: false, says: `two remediations edit the same line of ${path} (${after.says})` }
  return { ok: true, value: { path, before, after: after.text, mode: 0o644, mayChangeHidden: false } }
}

/**
 * systemd learns of new unit files before it is told to do anything, a failed state is cleared before a start, and nginx
 * comes last: by then what it hands requests to is where its new configuration looks for it.
 */
const actOrder: readonly Act['act'][] = [
  'daemon-reload',
  'reset-failed',
  'restart',
  'start',
  'reload-fpm',
  'reload-nginx',
]

function mergeActs(acts: readonly Act[]): readonly Act[] {
  const on = (wanted: Act['act']) =>
    new Set(acts.flatMap((act) => (act.act === wanted && 'service' in act ? [act.service] : [])))
  const [started, restarted] = [on('start'), on('restart')]
  // A service that starts reads its configuration anyway.
  const isImplied = (act: Act) =>
    ((act.act === 'reload-fpm' || act.act === 'reload-nginx') &&
      (started.has(act.service) || restarted.has(act.service))) ||
    (act.act === 'restart' && started.has(act.service))
  const needed = acts.filter((act) => !isImplied(act))
  const longest = new Map<string, Act>()
  for (const act of needed) {
    const key = `${act.act} ${'service' in act ? act.service : ''}`
    const other = longest.get(key)
    if (!other || patienceMs(act) > patienceMs(other)) longest.set(key, act)
  }
  return [...longest.values()].toSorted((a, b) => actOrder.indexOf(a.act) - actOrder.indexOf(b.act))
}

function isAmong(act: Act, acts: readonly Act[]): boolean {
  return acts.some((each) => JSON.stringify(each) === JSON.stringify(act))
}

/** How long an act waits for requests in flight. */
function patienceMs(act: Act): number {
  if (act.act === 'reload-fpm') return act.deadlineMs
  return act.act === 'restart' ? (act.finishMs ?? 0) : 0
}

function distinct<T>(values: readonly T[]): T[] {
  const seen = new Map(values.map((value) => [JSON.stringify(value), value]))
  return [...seen.values()]
}
