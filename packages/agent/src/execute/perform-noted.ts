/** Carries out an act with the journal told about every freezing of a master, before and after. */
import type { Act } from '@fleetmend/shared'
import { lastOf } from '../state/apply-report.ts'
import type { EntryOf } from '../state/journal-entry.ts'
import { perform, type FreezeKeeper, type Performed } from './perform.ts'
import { wasReloadedSince } from './reload-evidence.ts'
import { note, write, type RunningApply } from './running-apply.ts'

export async function performNoted(run: RunningApply, act: Act): Promise<Performed> {
  const done = await perform(run.executor.host, act, freezeKeeper(run))
  await note(run, done.says)
  return done
}

export function freezeKeeper(run: RunningApply): FreezeKeeper {
  return (service) => ({
    frozen: ({ master, workers, log }) =>
      write(run, {
        entry: 'frozen',
        says: `Holding the master of ${service} still while its workers finish.`,
        service,
        master,
        workers: [...workers],
        log,
      }),
    thawed: (master) => write(run, { entry: 'thawed', says: '', service, master }),
  })
}

/** A master that may still be frozen: nobody has written that it was woken. */
export function stillFrozen({ record }: Pick<RunningApply, 'record'>): EntryOf<'frozen'> | null {
  const { entries } = record.journal
  const frozen = lastOf(entries, 'frozen')
  if (frozen === null) return null
  return entries.slice(entries.lastIndexOf(frozen)).some((each) => each.entry === 'thawed') ? null : frozen
}

/** Before a rollback's reload is repeated after a crash: whether the files that are back were loaded. */
export async function wasReloadedAfterRestore(run: RunningApply, service: string): Promise<boolean> {
  const { entries } = run.record.journal
  const begun = entries.findLastIndex((each) => each.entry === 'rolling-back')
  const restored = entries.findIndex((each, index) => index > begun && each.entry === 'restored')
  return begun >= 0 && restored >= 0 && reloadedAfter(run, service, restored)
}

/** Whether the reload of an apply that was cut off had its effect. */
export async function wasReloaded(run: RunningApply, service: string): Promise<boolean> {
  return reloadedAfter(run, service, 0)
}

async function reloadedAfter({ executor, record }: RunningApply, service: string, from: number): Promise<boolean> {
  const frozen = record.journal.entries.findLast(
    (each, index) => index > from && each.entry === 'frozen' && each.service === service,
  )
  if (frozen?.entry !== 'frozen') return false
  return wasReloadedSince(executor.host, { ...frozen, atMs: Date.parse(frozen.at) }, service)
}
