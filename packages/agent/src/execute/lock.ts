/**
 * One apply at a time on a host. The lock is a file that names its owner by pid and start time on one boot; when that
 * process is gone the lock is nobody's, so a crash never locks a host for good.
 */
import { link, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as z from 'zod/mini'
import type { ProcessIdentity, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { errnoOf, syncDirectory, temporaryName, writeNew } from '../state/durable.ts'
import type { StateFolder } from '../state/state-folder.ts'

const LockOwner = z.strictObject({
  pid: z.int(),
  startTicks: z.int(),
  boot: z.string().check(z.describe('The kernel boot id: pids and ticks begin anew with each boot.')),
  what: z.string().check(z.describe('What it is held for: an apply id.')),
  since: z.iso.datetime({ precision: 3 }),
})
export type LockOwner = z.infer<typeof LockOwner>

export interface HeldLock {
  /** False when somebody took it over; asked once more just before the first write. */
  isStillMine(): Promise<boolean>
  release(): Promise<void>
}

export type Locking =
  | { readonly ok: true; readonly value: HeldLock }
  | { readonly ok: false; readonly owner: LockOwner | null }

export async function takeLock(
  state: StateFolder,
  host: ReadHost,
  self: ProcessIdentity,
  what: string,
): Promise<Locking> {
  const since = new Date(host.nowMs()).toISOString()
  const mine = JSON.stringify({ ...self, boot: await bootId(host), what, since })
  for (let attempt = 0; attempt < takeAttempts; attempt++) {
    if (await linkNew(state.lock, mine)) return { ok: true, value: heldLock(state.lock, mine) }
    const found = await readOrNull(state.lock)
    if (found === null) continue
    const owner = parseOwner(found)
    if (owner !== null && (await isAlive(host, owner))) return { ok: false, owner }
    await takeAway(state.lock, found)
  }
  return { ok: false, owner: null }
}

/** Who holds it now, if that process still lives. */
export async function lockOwner(state: StateFolder, host: ReadHost): Promise<LockOwner | null> {
  const found = await readOrNull(state.lock)
  const owner = found === null ? null : parseOwner(found)
  return owner !== null && (await isAlive(host, owner)) ? owner : null
}

/** Names the first, so that the second knows whom to ask. */
export function inProgressDetail(owner: LockOwner | null): string {
  const first = owner === null ? 'another apply' : `${owner.what} (process ${owner.pid}, since ${owner.since})`
  return `Cannot apply now: ${first} is at work on this host, and one at a time may change it. Nothing was changed.\n\nWait for it, or see how far it is:\n    fleetmend-agent history`
}

/** A host that is half changed is finished first, before anything else is begun. */
export function unfinishedDetail(other: string): string {
  return `Cannot begin: ${other} was cut off on this host and is not finished. Nothing was changed.\n\nTo finish it (it is rolled back, or looked at again):\n    fleetmend-agent internal-recover ${other}`
}

/** Each round means that another process took or left the lock in between. */
const takeAttempts = 5

function heldLock(path: string, mine: string): HeldLock {
  return {
    isStillMine: async () => (await readOrNull(path)) === mine,
    async release() {
      if ((await readOrNull(path)) === mine) await rm(path, { force: true })
    },
  }
}

/** Links a finished file, so that nobody ever reads a lock without its owner in it. */
async function linkNew(path: string, content: string): Promise<boolean> {
  const temporary = temporaryName(path)
  try {
    await writeNew(temporary, Buffer.from(content), 0o600)
    await link(temporary, path)
    await syncDirectory(dirname(path))
    return true
  } catch (error) {
    // On a full disk the lock of somebody who is dead has to go first: its room is enough for ours.
    if (['EEXIST', 'ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '')) return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Moves a dead owner's lock aside. Two may try at once: who moved a living lock instead puts it back. */
async function takeAway(path: string, dead: string): Promise<void> {
  const aside = temporaryName(path)
  try {
    await rename(path, aside)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw error
  }
  if ((await readOrNull(aside)) !== dead) await link(aside, path).catch(unlessTaken)
  await rm(aside, { force: true })
}

function unlessTaken(error: unknown): void {
  if (errnoOf(error) !== 'EEXIST') throw error
}

async function isAlive(host: ReadHost, owner: LockOwner): Promise<boolean> {
  if (owner.boot !== (await bootId(host))) return false
  const found = await host.process(owner.pid)
  // What cannot be asked is taken for alive: two applies at once are worse than one that waits.
  if (!found.ok) return found.why !== 'missing'
  return found.value.startTicks === owner.startTicks && found.value.state !== 'Z'
}

async function bootId(host: ReadHost): Promise<string> {
  const file = await host.readFile('/proc/sys/kernel/random/boot_id')
  return file.ok ? textOf(file.value).trim() : ''
}

function parseOwner(text: string): LockOwner | null {
  try {
    const parsed = LockOwner.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}
