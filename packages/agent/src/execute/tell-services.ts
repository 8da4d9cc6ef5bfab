/**
 * Tells services that their files are back (DESIGN D9): was up and is → reload; was up and is dead → start; was down →
 * left as found. Undoing acts newest-first would reload before the old file is back.
 */
import { readsConfig, rereadsConfig, type Act, type RereadingAct } from '@fleetmend/shared'
import { lastOf } from '../state/apply-report.ts'
import type { Baseline } from '../state/journal-entry.ts'
import { checkConfig } from './checks.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import { performNoted, wasReloadedAfterRestore } from './perform-noted.ts'
import { note, type RunningApply } from './running-apply.ts'
import { startService } from './perform.ts'
import { isUp } from './unit-state.ts'

/** A service that could not be told, and what a person has to do about it. */
export interface NotTold {
  readonly says: string
  readonly step: string
}

export async function tellServices(run: RunningApply): Promise<readonly NotTold[]> {
  const { executor, record } = run
  const baseline = lastOf(record.journal.entries, 'intent')?.baseline
  const failures: NotTold[] = []
  const acts = await actsWithEffect(run)
  // Whoever else told systemd to reload meanwhile made it read our files.
  if (wroteAt(run) !== null && record.plan.plan.acts.some((act) => act.act === 'daemon-reload')) {
    const did = await executor.host.daemonReload()
    if (did.ok) await note(run, 'systemd read its unit files again.')
    else failures.push({ says: `${did.says}.`, step: 'systemctl daemon-reload' })
  }
  for (const act of acts) {
    if (!readsConfig(act)) continue
    const was = baseline?.services.find((each) => each.service === act.service)
    const failure = was?.wasUp ? await tellService(run, act, was) : await leave(run, act.service)
    if (failure !== null) failures.push(failure)
  }
  return failures
}

/** For a plan without files to put back: a service that was up and died of its act is started again, and no other. */
export async function reviveServices(run: RunningApply): Promise<void> {
  const baseline = lastOf(run.record.journal.entries, 'intent')?.baseline
  for (const { service } of baseline?.services.filter((each) => each.wasUp) ?? []) {
    const up = await isUp(run.executor.host, service)
    if (up.ok && !up.value) await startAgain(run, service)
  }
}

/** Acts that may have had an effect: begun and not known to have let go, or done by somebody else. */
async function actsWithEffect(run: RunningApply): Promise<readonly Act[]> {
  const { entries } = run.record.journal
  const rollback = entries.findIndex((each) => each.entry === 'rolling-back')
  const applied = rollback < 0 ? entries : entries.slice(0, rollback)
  const ours: Act[] = []
  const others: Act[] = []
  for (const [index, act] of run.record.plan.plan.acts.entries()) {
    const begun = applied.some((each) => each.entry === 'acting' && each.act === index)
    const ended = applied.find((each) => each.entry === 'act-ended' && each.act === index)
    if (begun && !(ended?.entry === 'act-ended' && ended.came === 'let-go')) ours.push(act)
    else others.push(act)
  }
  return [...ours, ...(await loadedByOthers(run, others))]
}

/** A host that was booted anew, or a reload by another hand, has loaded (or died of) files that this plan had written. */
async function loadedByOthers(run: RunningApply, acts: readonly Act[]): Promise<readonly Act[]> {
  const at = wroteAt(run)
  const reading = acts.filter(rereadsConfig)
  if (at === null || reading.length === 0) return []
  const { fpm, nginx } = await run.executor.look()
  // FPM's status page and systemd count in whole seconds; one reload too many does no harm.
  const since = Math.floor(Date.parse(at) / 1000) * 1000
  return reading.filter(({ service }) => {
    const found = service === nginxUnit ? nginx : fpm.find((each) => each.service === service)
    return !found?.master || (found.loadedAtMs ?? 0) >= since
  })
}

/** When the first file was about to be written. */
function wroteAt({ record }: RunningApply): string | null {
  return record.journal.entries.find((each) => each.entry === 'writing')?.at ?? null
}

async function tellService(
  run: RunningApply,
  act: RereadingAct | Extract<Act, { act: 'start' }>,
  was: Baseline['services'][number],
): Promise<NotTold | null> {
  const { host } = run.executor
  const { service } = act
  const up = await isUp(host, service)
  if (!up.ok)
    return { says: `Whether ${service} is up cannot be told: ${up.says}.`, step: `systemctl status ${service}` }
  if (!up.value) return startAgain(run, service)
  if (act.act === 'start') return null
  // Before the plan the master ran on although its files were bad; to read them now would be its end.
  if (was.configPassed === false && !(await checkConfig(host, service, new Map())).passed) {
    await note(
      run,
      `${service} was not told: its configuration was already refused before this plan. It runs on with what it has loaded.`,
    )
    return null
  }
  return act.act === 'reload-fpm' ? reloadAgain(run, act) : tellAgain(run, act)
}

async function tellAgain(
  run: RunningApply,
  act: Exclude<RereadingAct, { act: 'reload-fpm' }>,
): Promise<NotTold | null> {
  const done = await performNoted(run, act)
  if (done.came === 'did') return null
  const up = await isUp(run.executor.host, act.service)
  if (up.ok && !up.value) return startAgain(run, act.service)
  return { says: done.says, step: `systemctl ${act.act === 'restart' ? 'restart' : 'reload'} ${act.service}` }
}

/** A request that held the first reload up may be over by the second. */
const reloadAttempts = 2

async function reloadAgain(run: RunningApply, act: Extract<Act, { act: 'reload-fpm' }>): Promise<NotTold | null> {
  const step = `fleetmend-agent plan reload-fpm --input service=${act.service}`
  if (await wasReloadedAfterRestore(run, act.service)) return null
  for (let attempt = 1; ; attempt++) {
    const done = await performNoted(run, act)
    if (done.came === 'did') return null
    const died = await isUp(run.executor.host, act.service)
    if (died.ok && !died.value) return startAgain(run, act.service)
    if (done.came === 'failed' || attempt === reloadAttempts) return { says: done.says, step }
  }
}

async function startAgain(run: RunningApply, service: string): Promise<NotTold | null> {
  const { host } = run.executor
  // Without this a start limit that was hit while the service died would refuse the start.
  await host.systemd('reset-failed', service, 30_000)
  const started = await startService(host, service)
  await note(run, started.says)
  return started.came === 'did'
    ? null
    : { says: started.says, step: `systemctl reset-failed ${service}; systemctl start ${service}` }
}

async function leave(run: RunningApply, service: string): Promise<null> {
  await note(run, `${service} was down before this plan, so it is left as it is found.`)
  return null
}
