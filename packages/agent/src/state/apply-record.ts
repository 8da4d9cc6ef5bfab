/**
 * The folder of one apply: its journal, the plan it carries out, and (sealed) the bytes from before. All of it is on
 * disk before the first change.
 */
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  isFileChange,
  ApplyId,
  authorityWords,
  digestOf,
  PlanRecord,
  problem,
  timedId,
  type ApplyReport,
  type AuthoritySummary,
  type Problem,
} from '@fleetmend/shared'
import { applyReport, isClosed } from './apply-report.ts'
import {
  errnoOf,
  makeDirectoryDurably,
  removeDurably,
  saysOf,
  syncDirectory,
  writeDurably,
  writeNew,
} from './durable.ts'
import { isHmacOf } from './host-key.ts'
import { createJournal, openJournal, readJournalFile, type Journal } from './journal.ts'
import type { StateFolder } from './state-folder.ts'

export interface ApplyRecord {
  readonly id: ApplyId
  readonly plan: PlanRecord
  readonly journal: Journal
}

export type CreatedRecord =
  | { readonly ok: true; readonly value: ApplyRecord }
  | { readonly ok: false; readonly says: string }
export type OpenedRecord =
  | { readonly ok: true; readonly value: ApplyRecord }
  | { readonly ok: false; readonly problem: Problem }

/** Closed applies kept for `history` and rollback; open ones are never pruned. */
const keptApplies = 200
/** Brakes and grants count what was begun within a day: of that nothing is ever forgotten. */
const countedMs = 24 * 60 * 60_000

export async function createApplyRecord(
  state: StateFolder,
  plan: PlanRecord,
  authority: AuthoritySummary,
  nowMs: number,
): Promise<CreatedRecord> {
  const at = new Date(nowMs).toISOString()
  try {
    const id = await makeFolder(state, at)
    await writeDurably(planFile(state, id), Buffer.from(`${JSON.stringify(plan)}\n`), 0o640)
    const journal = await createJournal(journalFile(state, id), {
      entry: 'admitted',
      at,
      says: `Admitted: ${plan.plan.remediations.map((each) => each.id).join(', ')}, ${authorityWords(authority)}.`,
      apply: id,
      host: plan.plan.host,
      plan: plan.digest,
      remediations: plan.plan.remediations.map((each) => each.id),
      authority,
    })
    await pruneApplies(state, nowMs)
    return { ok: true, value: { id, plan, journal } }
  } catch (error) {
    return { ok: false, says: `Cannot begin a journal in ${state.applies}: ${saysOf(error)}. Nothing was changed.` }
  }
}

export async function openApplyRecord(state: StateFolder, id: string): Promise<OpenedRecord> {
  // Parsed before it becomes part of a path.
  const name = ApplyId.safeParse(id)
  if (!name.success || !(await listApplyIds(state)).includes(name.data)) {
    return {
      ok: false,
      problem: problem(
        'unknown-apply',
        `This host has no apply ${JSON.stringify(id.slice(0, 80))}. To see those it has:\n    fleetmend-agent history`,
      ),
    }
  }
  const plan = await readPlan(planFile(state, name.data))
  const journal = await openJournal(journalFile(state, name.data))
  if (plan && journal.ok) return { ok: true, value: { id: name.data, plan, journal: journal.value } }
  const why = journal.ok ? 'Its copy of the plan is missing or was changed.' : journal.says
  return {
    ok: false,
    problem: problem(
      'stuck',
      `Cannot tell what became of ${name.data}. ${why}\n\nCompare the files of the plan with their bytes from before, which are kept in\n    ${join(state.sealedApplies, name.data)}`,
    ),
  }
}

/** Reports of all applies, newest first. A record that cannot be read is left out here; opening it says why. */
export async function listApplies(state: StateFolder): Promise<readonly ApplyReport[]> {
  const reports: ApplyReport[] = []
  for (const id of (await listApplyIds(state)).toReversed()) {
    const report = await readReport(state, id)
    if (report !== null) reports.push(report)
  }
  return reports
}

export async function readReport(state: StateFolder, id: ApplyId): Promise<ApplyReport | null> {
  const read = await readJournalFile(journalFile(state, id))
  return read.ok ? applyReport(read.value.entries) : null
}

/** The plan of an apply, whether or not anybody is at work on it; null when it is lost or was changed. */
export async function readAppliedPlan(state: StateFolder, id: ApplyId): Promise<PlanRecord | null> {
  return readPlan(planFile(state, id))
}

/** Ids in the order of time. */
export async function listApplyIds(state: StateFolder): Promise<readonly ApplyId[]> {
  return (await readdir(state.applies)).filter((name) => ApplyId.safeParse(name).success).toSorted()
}

/** Stores the bytes from before under the numbers of the plan's changes. */
export async function saveBeforeImages(
  state: StateFolder,
  id: ApplyId,
  images: readonly (Uint8Array | null)[],
): Promise<void> {
  const folder = join(state.sealedApplies, id)
  await makeDirectoryDurably(folder, 0o700)
  for (const [index, bytes] of images.entries()) {
    if (bytes !== null) await writeNew(join(folder, String(index)), bytes, 0o600)
  }
  await syncDirectory(folder)
}

/** The bytes from before, proved against the plan; null when they are lost or were changed. */
export async function loadBeforeImage(
  state: StateFolder,
  record: Pick<ApplyRecord, 'id' | 'plan'>,
  index: number,
): Promise<Uint8Array | null> {
  const change = record.plan.plan.changes[index]
  const before = change && isFileChange(change) ? change.before : null
  try {
    const bytes = await readFile(beforeImageFile(state, record.id, index))
    return before && isHmacOf(state.key, bytes, before.hmac) ? bytes : null
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Whether anything can have been changed: the bytes from before are stored first. */
export async function hasBeforeImages(state: StateFolder, id: ApplyId): Promise<boolean> {
  return (await readdir(state.sealedApplies)).includes(id)
}

/** Another apply that was cut off after it had begun, and that nobody has finished yet. */
export async function findUnfinished(state: StateFolder, except: ApplyId): Promise<ApplyId | null> {
  for (const id of await listApplyIds(state)) {
    if (id === except) continue
    const read = await readJournalFile(journalFile(state, id))
    if (read.ok && read.value.entries.some((each) => each.entry === 'intent') && !isClosed(read.value.entries))
      return id
  }
  return null
}

export function beforeImageFile(state: StateFolder, id: ApplyId, index: number): string {
  return join(state.sealedApplies, id, String(index))
}

export function journalFile(state: StateFolder, id: ApplyId): string {
  return join(state.applies, id, 'journal.jsonl')
}

function planFile(state: StateFolder, id: ApplyId): string {
  return join(state.applies, id, 'plan.json')
}

async function makeFolder(state: StateFolder, at: string): Promise<ApplyId> {
  for (;;) {
    const id = timedId('a', at, randomBytes(2).toString('hex'))
    try {
      await makeDirectoryDurably(join(state.applies, id), 0o750)
      return id
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  }
}

async function readPlan(path: string): Promise<PlanRecord | null> {
  try {
    const parsed = PlanRecord.safeParse(JSON.parse(await readFile(path, 'utf8')))
    return parsed.success && digestOf(parsed.data.plan) === parsed.data.digest ? parsed.data : null
  } catch {
    return null
  }
}

async function pruneApplies(state: StateFolder, nowMs: number): Promise<void> {
  const ids = await listApplyIds(state)
  for (const id of ids.slice(0, Math.max(0, ids.length - keptApplies))) {
    const read = await readJournalFile(journalFile(state, id))
    if (!read.ok || !isClosed(read.value.entries)) continue
    const [{ at } = { at: '' }] = read.value.entries
    if (Math.abs(nowMs - Date.parse(at)) < countedMs) continue
    await removeDurably(join(state.applies, id))
    await removeDurably(join(state.sealedApplies, id))
  }
}
