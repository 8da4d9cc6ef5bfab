/**
 * Writes the planned files. Each is compared once more before it is set, and proved afterwards; what stood there before
 * is on disk before the first write.
 */
import { dirname } from 'node:path'
import { problem, type Change, type Plan, type Problem } from '@fleetmend/shared'
import type { Did, Host } from '../host/host.ts'
import { saveBeforeImages } from '../state/apply-record.ts'
import type { BeforeImage } from '../state/journal-entry.ts'
import { saysOf } from '../state/durable.ts'
import type { SealedBytes } from '../state/plan-store.ts'
import type { Executor } from './executor.ts'
import { isSameState, readFileState } from './file-state.ts'
import { write, type RunningApply } from './running-apply.ts'

export interface Prepared {
  readonly files: BeforeImage[]
  readonly directories: string[]
}

export type Preparing =
  | { readonly ok: true; readonly value: Prepared }
  | { readonly ok: false; readonly problem: Problem }

/** Reads and stores the bytes from before, and learns which directories writing will have to make. */
export async function prepareChanges({ executor, record }: RunningApply): Promise<Preparing> {
  const files: BeforeImage[] = []
  const images: (Uint8Array | null)[] = []
  const directories: string[] = []
  for (const [index, change] of record.plan.plan.changes.entries()) {
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
    const facts = now.value?.facts ?? { mode: 0, uid: 0, gid: 0 }
    images.push(now.value?.bytes ?? null)
    files.push({
      path: change.path,
      image: now.value === null ? null : String(index),
      mode: facts.mode,
      uid: facts.uid,
      gid: facts.gid,
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
  for (const change of record.plan.plan.changes) {
    const before = await proveState(executor, change, 'before')
    if (!before.ok) return before
    await write(run, { entry: 'writing', says: `Writing ${change.path}.`, path: change.path })
    const written = await setFile(executor.host, change, sealed.after.get(change.path) ?? null)
    if (!written.ok) return written
    const after = await proveState(executor, change, 'after')
    if (!after.ok) return after
  }
  return { ok: true }
}

/** Bytes after a change, by path: what planned checks put in the place of the live files. */
export function plannedFiles(plan: Plan, sealed: SealedBytes): ReadonlyMap<string, Uint8Array | null> {
  return new Map(plan.changes.map(({ path }) => [path, sealed.after.get(path) ?? null]))
}

async function setFile(host: Host, change: Change, bytes: Uint8Array | null): Promise<Did> {
  if (change.after === null || bytes === null) return host.removeFile(change.path)
  // Only root's own files are ever created; an existing file keeps its owner, whoever that is.
  if (change.before === null && (change.after.owner !== 'root' || change.after.group !== 'root')) {
    return {
      ok: false,
      says: `${change.path} would have to belong to ${change.after.owner}:${change.after.group}; only files of root are created`,
    }
  }
  return host.replaceFile(change.path, bytes, { mode: Number.parseInt(change.after.mode, 8), uid: 0, gid: 0 })
}

async function proveState({ host, state }: Executor, change: Change, side: 'before' | 'after'): Promise<Did> {
  const now = await readFileState(host, state.key, change.path)
  if (!now.ok) return { ok: false, says: `${change.path} cannot be compared: ${now.says}` }
  if (isSameState(now.value?.state ?? null, change[side])) return { ok: true }
  return {
    ok: false,
    says:
      side === 'before'
        ? `${change.path} was changed by somebody else at this very moment`
        : `${change.path} is not what was written`,
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
