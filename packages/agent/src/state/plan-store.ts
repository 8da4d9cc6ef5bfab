/**
 * Plans made on this host, by digest. The public document and the real bytes lie apart; loading computes both proofs
 * again, so a plan that was changed on disk is not the plan that was approved.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  digestOf,
  Digest,
  isFileChange,
  PlanRecord,
  problem,
  type FileState,
  type HostId,
  type Problem,
} from '@fleetmend/shared'
import { errnoOf, makeDirectoryDurably, removeDurably, saysOf, writeDurably, writeNew } from './durable.ts'
import { isHmacOf } from './host-key.ts'
import type { StateFolder } from './state-folder.ts'

/** The real bytes of the files that a plan changes; `null` for a file that does not exist on that side. */
export interface SealedBytes {
  readonly before: ReadonlyMap<string, Uint8Array | null>
  readonly after: ReadonlyMap<string, Uint8Array | null>
}

export interface StoredPlan {
  readonly record: PlanRecord
  readonly sealed: SealedBytes
}

export type LoadedPlan =
  | { readonly ok: true; readonly value: StoredPlan }
  | { readonly ok: false; readonly problem: Problem }

export type Saved = { readonly ok: true } | { readonly ok: false; readonly says: string }

/** More than a person plans in a day; beyond it the oldest go. */
const keptPlans = 200

/** The sealed bytes go first: a plan exists once its public document does. */
export async function savePlan(state: StateFolder, record: PlanRecord, sealed: SealedBytes): Promise<Saved> {
  if (digestOf(record.plan) !== record.digest) throw new Error('The digest is not of this plan. This is a bug.')
  try {
    await removeDurably(sealedFolder(state, record.digest))
    await makeDirectoryDurably(sealedFolder(state, record.digest), 0o700)
    for (const [index, change] of record.plan.changes.entries()) {
      if (!isFileChange(change)) continue
      for (const side of sides) {
        const bytes = sealed[side].get(change.path) ?? null
        if (!isAsStated(state, change[side], bytes))
          throw new Error(`The bytes ${side} are not those of ${change.path} in the plan. This is a bug.`)
        if (bytes !== null) await writeNew(sealedFile(state, record.digest, index, side), bytes, 0o600)
      }
    }
    await writeDurably(publicFile(state, record.digest), Buffer.from(`${JSON.stringify(record)}\n`), 0o640)
    await prunePlans(state)
    return { ok: true }
  } catch (error) {
    return { ok: false, says: `Cannot store the plan: ${saysOf(error)}.` }
  }
}

/** The plan of this digest, if it is what it was when it was made, is still in time, and was not applied before. */
export async function loadPlan(state: StateFolder, digest: string, host: HostId, nowMs: number): Promise<LoadedPlan> {
  // Parsed before it becomes part of a path.
  const name = Digest.safeParse(digest)
  const text = name.success ? await readOrNull(publicFile(state, name.data)) : null
  if (!name.success || text === null) return refuse('unknown-plan', unknownDetail(digest))
  const record = parseRecord(text.toString('utf8'))
  if (record === null || record.digest !== name.data || digestOf(record.plan) !== name.data) {
    return refuse('plan-tampered', tamperedDetail('its document was changed after it was made'))
  }
  if (record.plan.host !== host)
    return refuse('plan-tampered', tamperedDetail(`it was made for ${record.plan.host}, and this is ${host}`))
  const usedBy = await readOrNull(usedFile(state, name.data))
  if (usedBy !== null) {
    return refuse(
      'plan-used',
      `Cannot apply: this plan was applied before, as ${usedBy.toString('utf8').trim()}. A plan is applied once.\n\nPlan again to see what would be done now.`,
    )
  }
  const expiry = expiredDetail(record, nowMs)
  if (expiry !== null) return refuse('plan-expired', expiry)
  return loadSealed(state, record)
}

/** From here on the plan cannot be applied again, whatever becomes of this apply. Only under the lock. */
export async function markPlanUsed(state: StateFolder, digest: Digest, by: string): Promise<Saved> {
  try {
    await writeDurably(usedFile(state, digest), Buffer.from(`${by}\n`), 0o640)
    return { ok: true }
  } catch (error) {
    return { ok: false, says: `${state.plans} cannot be written: ${saysOf(error)}` }
  }
}

async function loadSealed(state: StateFolder, record: PlanRecord): Promise<LoadedPlan> {
  const sealed = { before: new Map<string, Uint8Array | null>(), after: new Map<string, Uint8Array | null>() }
  for (const [index, change] of record.plan.changes.entries()) {
    if (!isFileChange(change)) continue
    for (const side of sides) {
      const bytes = change[side] === null ? null : await readOrNull(sealedFile(state, record.digest, index, side))
      if (!isAsStated(state, change[side], bytes)) {
        return refuse(
          'plan-tampered',
          tamperedDetail(`the stored bytes of ${change.path} are not those it was made with`),
        )
      }
      sealed[side].set(change.path, bytes)
    }
  }
  return { ok: true, value: { record, sealed } }
}

const sides = ['before', 'after'] as const

function isAsStated(state: StateFolder, stated: FileState | null, bytes: Uint8Array | null): boolean {
  if (stated === null || bytes === null) return stated === null && bytes === null
  return stated.bytes === bytes.length && isHmacOf(state.key, bytes, stated.hmac)
}

function parseRecord(text: string): PlanRecord | null {
  try {
    const parsed = PlanRecord.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** A plan from the future was made before the clock was set back; its age is not known, so it is too old. */
function expiredDetail({ plan }: PlanRecord, nowMs: number): string | null {
  const again = 'Nothing was changed. Plan again to see what would be done now.'
  if (nowMs >= Date.parse(plan.expiresAt))
    return `Cannot apply: the plan was valid until ${plan.expiresAt}, and it is ${new Date(nowMs).toISOString()}.\n\n${again}`
  if (nowMs < Date.parse(plan.madeAt) - clockToleranceMs)
    return `Cannot apply: the plan was made at ${plan.madeAt}, which is in the future. The clock of this host was set back.\n\n${again}`
  return null
}

/** Time servers step a clock by less than this. */
const clockToleranceMs = 60_000

async function prunePlans(state: StateFolder): Promise<void> {
  const names = (await readdir(state.plans)).filter((name) => name.endsWith('.json'))
  if (names.length <= keptPlans) return
  const dated = await Promise.all(
    names.map(async (name) => ({ name, atMs: (await stat(join(state.plans, name))).mtimeMs })),
  )
  for (const { name } of dated.toSorted((a, b) => b.atMs - a.atMs).slice(keptPlans)) {
    const digest = `sha256:${name.slice(0, -'.json'.length)}` as const
    // The mark stays away last: without document or bytes a plan cannot be applied anyhow.
    await removeDurably(publicFile(state, digest))
    await removeDurably(sealedFolder(state, digest))
    await removeDurably(usedFile(state, digest))
  }
}

function publicFile(state: StateFolder, digest: Digest): string {
  return join(state.plans, `${hexOf(digest)}.json`)
}

function usedFile(state: StateFolder, digest: Digest): string {
  return join(state.plans, `${hexOf(digest)}.used`)
}

function sealedFolder(state: StateFolder, digest: Digest): string {
  return join(state.sealedPlans, hexOf(digest))
}

function sealedFile(state: StateFolder, digest: Digest, index: number, side: 'before' | 'after'): string {
  return join(sealedFolder(state, digest), `${index}.${side}`)
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length)
}

async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

function refuse(code: 'unknown-plan' | 'plan-tampered' | 'plan-expired' | 'plan-used', detail: string): LoadedPlan {
  return { ok: false, problem: problem(code, detail) }
}

function unknownDetail(digest: string): string {
  return `Cannot apply: this host has no plan ${JSON.stringify(digest.slice(0, 80))}. A host carries out only plans that it made itself, and keeps the newest ${keptPlans}.\n\nPlan again, and apply the digest that it prints.`
}

function tamperedDetail(why: string): string {
  return `Cannot apply: ${why}. Nothing was changed.\n\nFind out who writes to the state folder of this host before planning again.`
}
