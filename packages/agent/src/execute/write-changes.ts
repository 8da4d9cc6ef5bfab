/**
 * Makes the changes of a plan. Each is compared once more before it is made, and proved afterwards; what a file held before
 * is on disk before the first write.
 */
import { dirname } from 'node:path'
import { isFileChange, problem, type Change, type Plan, type Problem } from '@fleetmend/shared'
import type { Did, Host, Read } from '../host/host.ts'
import { saveBeforeImages } from '../state/apply-record.ts'
import type { BeforeImage } from '../state/journal-entry.ts'
import { saysOf } from '../state/durable.ts'
import type { SealedBytes } from '../state/plan-store.ts'
import { nameOf, sideOf, type Side } from './change-side.ts'
import type { Executor } from './executor.ts'
import { isSameState, readFileState } from './file-state.ts'
import { write, type RunningApply } from './running-apply.ts'
import { commandFor, setChange, type WantedFile } from './set-change.ts'

export interface Prepared {
  readonly files: (BeforeImage | null)[]
  readonly directories: string[]
}

export type Preparing =
  | { readonly ok: true; readonly value: Prepared }
  | { readonly ok: false; readonly problem: Problem }

/** Reads and stores the bytes from before, and learns which directories writing will have to make. */
export async function prepareChanges({ executor, record }: RunningApply): Promise<Preparing> {
  const files: (BeforeImage | null)[] = []
  const images: (Uint8Array | null)[] = []
  const directories: string[] = []
  for (const [index, change] of record.plan.plan.changes.entries()) {
    if (!isFileChange(change)) {
      files.push(null)
      images.push(null)
      continue
    }
    const now = await readFileState(executor.host, executor.state.key, change.path)
    if (!now.ok)
      return {
        ok: false,
        problem: problem(
          'plan-is-stale',
          `Cannot apply: ${change.path} cannot be compared: ${now.says}. Nothing was changed.`,
        ),
      }
    if (!isSameState(now.value?.state ?? null, change.before)) {
      return {
        ok: false,
        problem: problem(
          'plan-is-stale',
          `Cannot apply: ${change.path} was changed at this very moment. Nothing else was. Plan again to see what would be done now.`,
        ),
      }
    }
    const obstacle = await executor.host.writeObstacle(change.path)
    if (obstacle !== null)
      return { ok: false, problem: problem('check-failed', `Cannot apply: ${obstacle}. Nothing was changed.`) }
    const facts = now.value?.facts ?? { mode: 0, uid: 0, gid: 0, modifiedMs: 0 }
    images.push(now.value?.bytes ?? null)
    files.push({
      path: change.path,
      image: now.value === null ? null : String(index),
      mode: facts.mode,
      uid: facts.uid,
      gid: facts.gid,
      modifiedMs: facts.modifiedMs,
    })
    for (const missing of await missingDirectories(executor.host, change.path))
      if (!directories.includes(missing)) directories.push(missing)
  }
  try {
    await saveBeforeImages(executor.state, record.id, images)
  } catch (error) {
    return {
      ok: false,
      problem: problem(
        'check-failed',
        `Cannot apply: the bytes from before cannot be stored in ${executor.state.sealedApplies}: ${saysOf(error)}. Nothing was changed.`,
      ),
    }
  }
  return { ok: true, value: { files, directories } }
}

export async function writeChanges(run: RunningApply, sealed: SealedBytes): Promise<Did> {
  const { executor, record } = run
  for (const [index, change] of record.plan.plan.changes.entries()) {
    const before = await proveSide(executor, change, 'before')
    if (!before.ok) return before
    const wanted = wantedFile(change, sealed)
    if (!wanted.ok) return wanted
    await write(run, {
      entry: 'writing',
      says: isFileChange(change) ? `Writing ${change.path}.` : `Doing \`${commandFor(change, 'after')}\`.`,
      change: index,
    })
    const written = await setChange(executor.host, change, 'after', wanted.value)
    if (!written.ok) return written
    const after = await proveSide(executor, change, 'after')
    if (!after.ok) return after
  }
  return { ok: true }
}

/** Bytes after a change, by path: what planned checks put in the place of the live files. */
export function plannedFiles(plan: Plan, sealed: SealedBytes): ReadonlyMap<string, Uint8Array | null> {
  return new Map(plan.changes.filter(isFileChange).map(({ path }) => [path, sealed.after.get(path) ?? null]))
}

/** Only root's own files are ever created; an existing file keeps its owner, whoever that is. */
function wantedFile(change: Change, sealed: SealedBytes): Read<WantedFile> {
  const bytes = isFileChange(change) ? sealed.after.get(change.path) : undefined
  if (!isFileChange(change) || change.after === null || !bytes) return { ok: true, value: null }
  const { owner, group, mode } = change.after
  if (change.before === null && (owner !== 'root' || group !== 'root'))
    return {
      ok: false,
      why: 'failed',
      says: `${change.path} would have to belong to ${owner}:${group}; only files of root are created`,
    }
  return { ok: true, value: { bytes, mode: Number.parseInt(mode, 8), uid: 0, gid: 0 } }
}

async function proveSide({ host, state }: Executor, change: Change, side: Side): Promise<Did> {
  const now = await sideOf(host, state.key, change)
  if (!now.ok) return { ok: false, says: `${nameOf(change)} cannot be compared: ${now.says}` }
  if (now.value === side) return { ok: true }
  return {
    ok: false,
    says:
      side === 'before'
        ? `${nameOf(change)} was changed by somebody else at this very moment`
        : `${nameOf(change)} is not what was written`,
  }
}

/** The outermost first. */
async function missingDirectories(host: Host, path: string): Promise<readonly string[]> {
  const missing: string[] = []
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const stat = await host.stat(directory)
    if (stat.ok || stat.why !== 'missing' || directory === dirname(directory)) return missing
    missing.unshift(directory)
  }
}
