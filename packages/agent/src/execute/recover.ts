/**
 * Finishes applies that were cut off: by a crash, a kill or a power failure (DESIGN D6). Run when the agent starts, at
 * boot, and after an apply's own unit ends. What is finished already is left alone.
 */
import { problem, type Act, type ApplyId, type ApplyReport } from '@fleetmend/shared'
import { recordEnd } from '../audit/on-record.ts'
import type { ReadHost } from '../host/host.ts'
import { askedRollback, isClosed, phaseOf } from '../state/apply-report.ts'
import { hasBeforeImages, journalFile, listApplyIds, openApplyRecord, readReport } from '../state/apply-record.ts'
import { readJournalFile } from '../state/journal.ts'
import { sweepTemporaries } from '../state/sweep-temporaries.ts'
import { startedAtMs } from '../survey/started-at.ts'
import { closeVerified } from './close-verified.ts'
import type { Executor } from './executor.ts'
import { wake } from './hold-still.ts'
import { inProgressDetail, lockOwner, takeLock, type Locking } from './lock.ts'
import { stillFrozen, wasReloaded } from './perform-noted.ts'
import { answerRollback } from './roll-back-apply.ts'
import { rollBack } from './roll-back.ts'
import { note, refuse, reportOf, write, type RunningApply } from './running-apply.ts'
import { keepingState } from './state-lost.ts'
import { isUp, readRunning } from './unit-state.ts'

export type Recovered =
  | { readonly apply: ApplyId; readonly is: 'finished'; readonly report: ApplyReport }
  /** Its own process is at work on it, or about to be. */
  | { readonly apply: ApplyId; readonly is: 'running' }
  /** Another apply holds the lock; to be tried again. */
  | { readonly apply: ApplyId; readonly is: 'waiting'; readonly says: string }
  | { readonly apply: ApplyId; readonly is: 'stuck'; readonly says: string }

/** Every open apply, the oldest first; with `only`, that one. */
export async function recover(executor: Executor, only?: ApplyId): Promise<readonly Recovered[]> {
  const recovered: Recovered[] = []
  for (const id of only === undefined ? await listApplyIds(executor.state) : [only]) {
    const report = await readReport(executor.state, id)
    if (report?.phase === 'closed') {
      // Its unit has ended: it may have been cut off just after its journal was closed.
      if (only !== undefined) await recordEnd(executor, report)
      continue
    }
    if (report === null && !(await hasBeforeImages(executor.state, id))) continue
    // Whoever names it knows that its unit has ended, or never began.
    recovered.push(await recoverOne(executor, id, only === undefined))
  }
  await sweepTemporaries(executor.state, executor.host.nowMs())
  return recovered
}

async function recoverOne(executor: Executor, id: ApplyId, mayStillBegin: boolean): Promise<Recovered> {
  const { host, state } = executor
  if (mayStillBegin) await whileItsUnitMayBegin(executor, id)
  const owner = await lockOwner(state, host)
  if (owner?.what === id) return { apply: id, is: 'running' }
  const found = await openApplyRecord(state, id)
  if (!found.ok) return { apply: id, is: 'stuck', says: found.problem.detail }
  // First of all, and without the lock: every request to every pool of that master waits.
  const frozen = stillFrozen({ record: found.value })
  if (frozen !== null) await wake(host, frozen.master)
  const lock = await waitForLock(executor, id)
  if (!lock.ok) return { apply: id, is: 'waiting', says: inProgressDetail(lock.owner) }
  const recovered = await recoverLocked(executor, id)
  await lock.value.release()
  if (recovered.is === 'finished') await recordEnd(executor, recovered.report)
  return recovered
}

/**
 * What was admitted, or asked to be rolled back, this very moment has a unit that is about to begin: it gets its time.
 * After a power failure there is no such unit, and a clock that went back must not make this wait for ever.
 */
async function whileItsUnitMayBegin({ host, state }: Executor, id: ApplyId): Promise<void> {
  const bootMs = (await bootedAtMs(host)) ?? 0
  for (const endsAtMs = host.nowMs() + unitStartMs; host.nowMs() < endsAtMs; await host.sleep(500)) {
    const read = await readJournalFile(journalFile(state, id))
    const last = read.ok ? read.value.entries.at(-1) : undefined
    const isUntouched = last !== undefined && (last.entry === 'admitted' || last.entry === 'rollback-asked')
    if (!isUntouched || host.nowMs() - Date.parse(last.at) >= unitStartMs || Date.parse(last.at) < bootMs) return
    if ((await lockOwner(state, host))?.what === id) return
  }
}

const unitStartMs = 30_000

/** In a container, too: its first process is as old as it is. */
async function bootedAtMs(host: ReadHost): Promise<number | null> {
  const first = await host.process(1)
  return first.ok ? startedAtMs(host, first.value.startTicks) : null
}

/** Read again under the lock: whoever had it may have finished this apply, and lines would be written over its own. */
async function recoverLocked(executor: Executor, id: ApplyId): Promise<Recovered> {
  const opened = await openApplyRecord(executor.state, id)
  if (!opened.ok) return { apply: id, is: 'stuck', says: opened.problem.detail }
  const run: RunningApply = { executor, record: opened.value }
  if (isClosed(run.record.journal.entries)) return { apply: id, is: 'finished', report: reportOf(run) }
  const report = await keepingState(run, async () => {
    await noteThawed(run)
    await executor.discretion.learn()
    return finish(run)
  })
  return { apply: id, is: 'finished', report }
}

/** Whoever holds it while this apply is open is refused, and soon gone. */
async function waitForLock({ state, host, self }: Executor, id: ApplyId): Promise<Locking> {
  for (const endsAtMs = host.nowMs() + lockLimitMs; ; await host.sleep(200)) {
    const lock = await takeLock(state, host, self, id)
    if (lock.ok || host.nowMs() >= endsAtMs) return lock
  }
}

const lockLimitMs = 15_000

async function noteThawed(run: RunningApply): Promise<void> {
  const frozen = stillFrozen(run)
  if (frozen === null) return
  await write(run, {
    entry: 'thawed',
    says: `Woke the master of ${frozen.service}, in case it was still frozen.`,
    service: frozen.service,
    master: frozen.master,
  })
}

async function finish(run: RunningApply): Promise<ApplyReport> {
  const { entries } = run.record.journal
  if (!entries.some((each) => each.entry === 'intent')) {
    return refuse(
      run,
      'act-failed',
      'The apply was cut off before anything was begun. Nothing was changed. Apply the plan again, or plan again.',
    )
  }
  switch (phaseOf(entries)) {
    case 'intent':
    case 'changed':
      return undoCutOff(run)
    case 'acted':
    case 'watching':
      await note(run, 'The apply was cut off while the host was looked at. Looking again.')
      return closeVerified(run)
    case 'rolling-back':
      // Asked for and not begun, it is told as what it is: the unit of the apply before may still be ending.
      if (askedRollback(entries) === null) await note(run, 'The rollback was cut off. Going on with it.')
      return answerRollback(run)
    case 'closed':
      throw new Error('A closed apply is recovered. This is a bug.')
  }
}

async function undoCutOff(run: RunningApply): Promise<ApplyReport> {
  const says = 'The apply was cut off before it had acted.'
  if (run.record.plan.plan.changes.length === 0) {
    // Nothing to put back, and nothing is done again: only what became of it is told.
    await note(run, `${says} Looking at what became of it.`)
    await tellWithoutEffect(run)
    return closeVerified(run)
  }
  const because = problem('act-failed', `${says} Its files were put back.`)
  return rollBack(run, { because, verdict: null, askedBy: null, says: `${says} Rolling back.` })
}

/** An act whose effect is not there did not happen, whatever else is well with the host. */
async function tellWithoutEffect(run: RunningApply): Promise<void> {
  const { entries } = run.record.journal
  for (const [index, act] of run.record.plan.plan.acts.entries()) {
    const isTold = entries.some((each) => each.entry === 'act-ended' && each.act === index)
    if (isTold || (await hasEffect(run, act))) continue
    await write(run, {
      entry: 'act-ended',
      says: `Cut off before its effect was there: ${describeAct(act)}.`,
      act: index,
      came: 'failed',
    })
  }
}

async function hasEffect(run: RunningApply, act: Act): Promise<boolean> {
  switch (act.act) {
    case 'start': {
      const up = await isUp(run.executor.host, act.service)
      return up.ok && up.value
    }
    case 'restart':
      return wasRestarted(run, act.service)
    case 'reload-fpm':
      return wasReloaded(run, act.service)
    case 'reload-nginx':
      return wasNginxReloaded(run)
    // Means to the others, with no effect that anyone would miss.
    case 'daemon-reload':
    case 'reset-failed':
      return true
  }
}

/** Another main process than the one that the plan was made for. */
async function wasRestarted({ executor, record }: RunningApply, service: string): Promise<boolean> {
  const running = await readRunning(executor.host, service)
  const then = record.plan.plan.basis.exact.find((item) => item.of === 'master' && item.service === service)
  if (!running.ok) return false
  return then?.of !== 'master' || running.value.main.startTicks !== then.startTicks
}

async function wasNginxReloaded({ executor, record }: RunningApply): Promise<boolean> {
  const begun = record.journal.entries.findLast((each) => each.entry === 'acting')
  const { nginx } = await executor.look()
  // Processes' start times and log lines count in whole seconds.
  return begun !== undefined && (nginx.loadedAtMs ?? 0) >= Math.floor(Date.parse(begun.at) / 1000) * 1000
}

function describeAct(act: Act): string {
  return 'service' in act ? `${act.act} ${act.service}` : act.act
}
