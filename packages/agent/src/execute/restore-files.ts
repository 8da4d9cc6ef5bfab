/**
 * Puts the files of a plan back as they were: every byte, mode and owner. A file that is neither as it was nor as it was
 * written belongs to somebody else's hand by now, and is left to a person.
 */
import type { Change } from '@fleetmend/shared'
import type { Did, Host } from '../host/host.ts'
import { beforeImageFile, loadBeforeImage } from '../state/apply-record.ts'
import { lastOf } from '../state/apply-report.ts'
import type { BeforeImage } from '../state/journal-entry.ts'
import { isSameState, readFileState } from './file-state.ts'
import { note, write, type RunningApply } from './running-apply.ts'

/** A file that could not be put back, and what a person has to do about it. */
export interface NotRestored {
  readonly path: string
  readonly says: string
  readonly step: string
}

export async function restoreFiles(run: RunningApply): Promise<readonly NotRestored[]> {
  const intent = lastOf(run.record.journal.entries, 'intent')
  if (intent === null) return []
  const failures: NotRestored[] = []
  // The newest first, so that a directory is empty by the time it is removed.
  for (const [index, change] of [...run.record.plan.plan.changes.entries()].toReversed()) {
    const failure = await restoreFile(run, index, change, intent.files[index])
    if (failure !== null) failures.push(failure)
  }
  for (const directory of intent.directories.toReversed()) await removeMade(run, directory)
  return failures
}

/** Files that are no longer what this apply made of them, in a sentence each. */
export async function editedSince({ executor, record }: RunningApply): Promise<readonly string[]> {
  const says: string[] = []
  for (const { path, after } of record.plan.plan.changes) {
    const now = await readFileState(executor.host, executor.state.key, path)
    if (!now.ok) says.push(`${path} cannot be compared: ${now.says}.`)
    else if (now.value === null && after !== null) says.push(`${path} was removed since.`)
    else if (!isSameState(now.value?.state ?? null, after))
      says.push(
        `${path} was edited since${now.value === null ? '' : `, at ${new Date(now.value.facts.modifiedMs).toISOString()}`}.`,
      )
  }
  return says
}

async function restoreFile(
  run: RunningApply,
  index: number,
  change: Change,
  image: BeforeImage | undefined,
): Promise<NotRestored | null> {
  const { executor, record } = run
  const current = async () => readFileState(executor.host, executor.state.key, change.path)
  const step = stepFor(run, index, change)
  const fail = (says: string): NotRestored => ({ path: change.path, says: `${change.path}: ${says}`, step })
  const now = await current()
  if (!now.ok) return fail(now.says)
  const state = now.value?.state ?? null
  if (isSameState(state, change.before)) return null
  if (!isSameState(state, change.after))
    return fail('it is neither as it was nor as it was written; somebody else has changed it')
  await write(run, { entry: 'restoring', says: `Putting ${change.path} back.`, path: change.path })
  const bytes = change.before === null ? null : await loadBeforeImage(executor.state, record, index)
  if (change.before !== null && (bytes === null || image === undefined)) return fail('its bytes from before are lost')
  const did = await setBack(executor.host, change.path, bytes, image)
  if (!did.ok) return fail(did.says)
  const after = await current()
  return after.ok && isSameState(after.value?.state ?? null, change.before)
    ? null
    : fail('it was put back, but is not exactly as it was')
}

async function setBack(
  host: Host,
  path: string,
  bytes: Uint8Array | null,
  image: BeforeImage | undefined,
): Promise<Did> {
  if (bytes === null || image === undefined) return host.removeFile(path)
  return host.replaceFile(path, bytes, { mode: image.mode, uid: image.uid, gid: image.gid })
}

/** A directory that somebody has put something into is theirs by now. */
async function removeMade(run: RunningApply, directory: string): Promise<void> {
  const { host } = run.executor
  const there = await host.stat(directory)
  if (!there.ok) return
  const removed = await host.removeDirectory(directory)
  if (!removed.ok) await note(run, `${directory} stays: ${removed.says}.`)
}

function stepFor({ executor, record }: RunningApply, index: number, { path, before }: Change): string {
  if (before === null) return `rm ${quoted(path)}`
  return `install -m ${before.mode} -o ${before.owner} -g ${before.group} ${quoted(beforeImageFile(executor.state, record.id, index))} ${quoted(path)}`
}

/** For a person's shell; the agent itself has none. */
function quoted(path: string): string {
  return /^[\w./@%+:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
