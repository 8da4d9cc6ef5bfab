/** What the journals of this host know of an apply that is to be undone, and how the host is now on each of its changes. */
import {
  isFileChange,
  type ApplyId,
  type ApplyReport,
  type Change,
  type ChangeOf,
  type PlanRecord,
} from '@fleetmend/shared'
import { nameOf, sideOf } from './execute/change-side.ts'
import { checkConfig } from './execute/checks.ts'
import type { ReadHost } from './host/host.ts'
import { undoneServices } from './judgement/undone-services.ts'
import { leftToUndo } from './judgement/undo-obstacle.ts'
import { bytesOf, textOf } from './readings/bytes.ts'
import { journalFile, listApplies, loadBeforeImage, readAppliedPlan } from './state/apply-record.ts'
import { lastOf } from './state/apply-report.ts'
import { readJournalFile } from './state/journal.ts'
import type { StateFolder } from './state/state-folder.ts'
import type { HostFacts } from './survey/host-facts.ts'
import type { AppliedChange, AppliedFacts, AppliedFile, LaterApply, UndoFacts } from './survey/undo-facts.ts'

/** One of the two. */
export interface Undone {
  readonly apply?: string | undefined
  readonly run?: string | undefined
}

export async function readUndo(
  host: ReadHost,
  state: StateFolder,
  facts: HostFacts,
  { apply, run }: Undone,
): Promise<UndoFacts> {
  const all = await listApplies(state)
  const report = all.find((each) => each.apply === apply) ?? newestOfRun(all, run)
  const seen = 'To see what was done here: `fleetmend-agent history`.'
  if (!report) {
    const says = apply === undefined ? `This host knows of no apply of ${run}.` : `This host has no apply ${apply}.`
    const toDo = `It keeps its newest 200, and of one by a grant only its own id. ${seen}`
    return { known: false, says, toDo }
  }
  const id = report.apply
  const [record, journal] = await Promise.all([readAppliedPlan(state, id), readJournalFile(journalFile(state, id))])
  if (record === null || !journal.ok) {
    const says = `What ${id} did cannot be told: ${journal.ok ? 'its copy of the plan is missing or was changed' : journal.says}.`
    return { known: false, says, toDo: 'Take back by hand what is no longer wanted.' }
  }
  const intent = lastOf(journal.value.entries, 'intent')
  const later = all.filter(
    ({ apply: other, startedAt, outcome }) =>
      other !== id && startedAt >= report.startedAt && outcome !== 'refused' && outcome !== 'rolled-back',
  )
  const changes: AppliedChange[] = []
  for (const [index, change] of record.plan.changes.entries())
    changes.push(await readChange(host, state, facts, { id, later, record, index, change }))
  const applied: AppliedFacts = {
    apply: id,
    run: report.authority.run ?? null,
    startedAt: report.startedAt,
    outcome: report.outcome,
    plan: record.plan,
    before: intent?.baseline ?? null,
    changes,
    made: intent?.directories ?? [],
    refusals: [],
  }
  return { known: true, value: { ...applied, refusals: await refusalsOf(host, applied) } }
}

/** A run has one plan for a host; where it was told more than once, the last one that was begun is what it did. */
function newestOfRun(all: readonly ApplyReport[], run: string | undefined): ApplyReport | undefined {
  const ofRun = all.filter(({ authority }) => run !== undefined && authority.run === run)
  return ofRun.find(({ outcome }) => outcome !== 'refused') ?? ofRun[0]
}

interface OneChange {
  readonly id: ApplyId
  /** Newest first. */
  readonly later: readonly ApplyReport[]
  readonly record: PlanRecord
  readonly index: number
  readonly change: Change
}

async function readChange(
  host: ReadHost,
  state: StateFolder,
  facts: HostFacts,
  one: OneChange,
): Promise<AppliedChange> {
  const { change, later } = one
  const side = await sideOf(host, state.key, change)
  const file = isFileChange(change) ? await readAppliedFile(host, state, facts, { ...one, change }) : null
  const base = { change, file }
  if (!side.ok)
    return { ...base, now: 'unknown', says: `${nameOf(change)} cannot be compared: ${side.says}.`, changedBy: null }
  if (side.value === 'after') return { ...base, now: 'after', says: '', changedBy: null }
  const changedBy = await laterApply(host, state, later, change)
  const now = side.value
  return { ...base, now, says: await changedSays(host, change, changedBy), changedBy }
}

async function changedSays(host: ReadHost, change: Change, by: LaterApply | null): Promise<string> {
  const name = nameOf(change)
  if (by) {
    const ofRun = by.run === null ? '' : ` of ${by.run}`
    return `${name} was changed again by ${by.apply} (${by.remediations.join(', ')}${ofRun}).`
  }
  if (!isFileChange(change)) return `${name} was changed since.`
  const stat = await host.stat(change.path)
  if (stat.ok) return `${name} was edited since, at ${new Date(stat.value.modifiedMs).toISOString()}.`
  return `${name} was ${change.after === null ? 'edited' : 'removed'} since.`
}

/** The newest one after this that left the same thing as it is now. */
async function laterApply(
  host: ReadHost,
  state: StateFolder,
  later: readonly ApplyReport[],
  change: Change,
): Promise<LaterApply | null> {
  for (const { apply, authority, remediations } of later) {
    const record = await readAppliedPlan(state, apply)
    const same = record?.plan.changes.find((each) => isSameThing(each, change))
    const side = same && (await sideOf(host, state.key, same))
    if (side?.ok && side.value === 'after') return { apply, run: authority.run ?? null, remediations }
  }
  return null
}

function isSameThing(a: Change, b: Change): boolean {
  if (a.of === 'unit-setting') return b.of === a.of && a.service === b.service && a.setting === b.setting
  return b.of === a.of && a.path === b.path
}

async function readAppliedFile(
  host: ReadHost,
  state: StateFolder,
  facts: HostFacts,
  { id, record, index, change }: OneChange & { readonly change: ChangeOf<'file'> },
): Promise<AppliedFile> {
  const [before, now] = await Promise.all([
    loadBeforeImage(state, { id, plan: record }, index),
    host.readFile(change.path),
  ])
  return {
    named: await namedPath(host, facts, change.path),
    before: before && textOf(before),
    isLost: change.before !== null && before === null,
    now: now.ok ? textOf(now.value) : null,
  }
}

/** A plan may only name files as a configuration names them; where one lies behind a link, its target may lie elsewhere. */
async function namedPath(host: ReadHost, facts: HostFacts, path: string): Promise<string> {
  const { nginx, fpm } = facts
  const files = [
    ...(nginx.config.ok ? nginx.config.value.files : []),
    ...fpm.flatMap(({ config }) => (config.ok ? config.value.files : [])),
  ].map((file) => file.path)
  if (files.includes(path)) return path
  for (const name of files) {
    const real = await host.resolve(name)
    if (real.ok && real.value === path) return name
  }
  return path
}

/** With their files from before, as in the preflight of the plan: better told now than when somebody has approved it. */
async function refusalsOf(host: ReadHost, applied: AppliedFacts): Promise<AppliedFacts['refusals']> {
  if (applied.outcome === 'rolled-back' || applied.changes.some(({ now }) => now === 'neither' || now === 'unknown'))
    return []
  const planned = new Map<string, Uint8Array | null>()
  for (const { change, file } of leftToUndo(applied))
    if (isFileChange(change) && file) planned.set(change.path, file.before === null ? null : bytesOf(file.before))
  if (planned.size === 0) return []
  const refusals: { readonly service: string; readonly says: string }[] = []
  for (const { service } of undoneServices(applied.plan)) {
    const check = await checkConfig(host, service, planned)
    if (!check.passed) refusals.push({ service, says: check.says })
  }
  return refusals
}
