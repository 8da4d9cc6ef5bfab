/**
 * Puts the changes of a plan back as they were: every byte, mode and owner of its files, and what systemd remembered. What is
 * neither as it was nor as it was written belongs to somebody else's hand by now, and is left to a person.
 */
import { isFileChange, type Change } from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import { beforeImageFile, loadBeforeImage } from '../state/apply-record.ts'
import { lastOf } from '../state/apply-report.ts'
import type { BeforeImage } from '../state/journal-entry.ts'
import { nameOf, sideOf } from './change-side.ts'
import { note, write, type RunningApply } from './running-apply.ts'
import { commandFor, quoted, setChange, type WantedFile } from './set-change.ts'

/** A change that could not be put back, and what a person has to do about it. */
export interface NotRestored {
  readonly says: string
  readonly step: string
}

export async function restoreChanges(run: RunningApply): Promise<readonly NotRestored[]> {
  const intent = lastOf(run.record.journal.entries, 'intent')
  if (intent === null) return []
  const failures: NotRestored[] = []
  // The newest first, so that a directory is empty by the time it is removed.
  for (const [index, change] of [...run.record.plan.plan.changes.entries()].toReversed()) {
    const failure = await restoreChange(run, index, change, intent.files[index] ?? null)
    if (failure !== null) failures.push(failure)
  }
  for (const directory of intent.directories.toReversed()) await removeMade(run, directory)
  return failures
}

/** Changes that are no longer what this apply made of them, in a sentence each. */
export async function changedSince({ executor, record }: RunningApply): Promise<readonly string[]> {
  const { host, state } = executor
  const says: string[] = []
  for (const change of record.plan.plan.changes) {
    const now = await sideOf(host, state.key, change)
    if (!now.ok) says.push(`${nameOf(change)} cannot be compared: ${now.says}.`)
    else if (now.value !== 'after') says.push(await changedWhen(host, change))
  }
  return says
}

async function changedWhen(host: ReadHost, change: Change): Promise<string> {
  if (!isFileChange(change)) return `${nameOf(change)} was changed since.`
  const facts = await host.stat(change.path)
  if (facts.ok) return `${change.path} was edited since, at ${new Date(facts.value.modifiedMs).toISOString()}.`
  return `${change.path} was ${change.after === null ? 'edited' : 'removed'} since.`
}

async function restoreChange(
  run: RunningApply,
  index: number,
  change: Change,
  image: BeforeImage | null,
): Promise<NotRestored | null> {
  const { host, state } = run.executor
  const fail = (says: string): NotRestored => ({
    says: `${nameOf(change)}: ${says}`,
    step: stepFor(run, index, change),
  })
  // Never begun: however it is now, another hand made it so, and there is nothing of this apply to take back.
  if (!run.record.journal.entries.some((each) => each.entry === 'writing' && each.change === index)) return null
  if (isFileChange(change)) await removeLeftovers(run, change.path)
  const now = await sideOf(host, state.key, change)
  if (!now.ok) return fail(now.says)
  // `systemctl enable` makes more than what `is-enabled` reads (Debian's links in rc?.d), and may have been cut off between.
  if (now.value === 'before' && change.of !== 'unit-setting') return null
  if (now.value === 'neither')
    return fail('it is neither as it was nor as it was written; somebody else has changed it')
  await write(run, { entry: 'restoring', says: `Putting ${nameOf(change)} back.`, change: index })
  const file = await fileFromBefore(run, index, change, image)
  if (file === 'lost') return fail('its bytes from before are lost')
  const did = await setChange(host, change, 'before', file)
  if (!did.ok) return fail(did.says)
  const after = await sideOf(host, state.key, change)
  return after.ok && after.value === 'before' ? null : fail('it was put back, but is not exactly as it was')
}

async function fileFromBefore(
  { executor, record }: RunningApply,
  index: number,
  change: Change,
  image: BeforeImage | null,
): Promise<WantedFile | 'lost'> {
  if (!isFileChange(change) || change.before === null) return null
  const bytes = await loadBeforeImage(executor.state, record, index)
  if (bytes === null || image === null) return 'lost'
  // Written now, they would look as if they had been edited since the service loaded them.
  const { mode, uid, gid, modifiedMs } = image
  return { bytes, mode, uid, gid, modifiedMs }
}

/** Of a write that was killed in the middle; no program reads them, so one that stays stops nothing. */
async function removeLeftovers(run: RunningApply, path: string): Promise<void> {
  const removed = await run.executor.host.removeLeftovers(path)
  if (!removed.ok) await note(run, `Temporary files beside ${path} may be left: ${removed.says}.`)
}

/** A directory that somebody has put something into is theirs by now. */
async function removeMade(run: RunningApply, directory: string): Promise<void> {
  const { host } = run.executor
  const there = await host.stat(directory)
  if (!there.ok) return
  const removed = await host.removeDirectory(directory)
  if (!removed.ok) await note(run, `${directory} stays: ${removed.says}.`)
}

function stepFor({ executor, record }: RunningApply, index: number, change: Change): string {
  if (!isFileChange(change)) return commandFor(change, 'before')
  const { path, before } = change
  if (before === null) return `rm ${quoted(path)}`
  return `install -m ${before.mode} -o ${before.owner} -g ${before.group} ${quoted(beforeImageFile(executor.state, record.id, index))} ${quoted(path)}`
}
