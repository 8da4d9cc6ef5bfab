/** What undoing an apply takes of each service that read what it wrote: checked with the files from before, and told of them. */
import type { Act, BasisItem, Check, Guard } from '@fleetmend/shared'
import type { Stoppable } from '../judgement/stop-story.ts'
import { changesConfig, undoneServices, type UndoneService } from '../judgement/undone-services.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import type { AppliedFacts } from '../survey/undo-facts.ts'
import { alsoLoads, findManagedNginx } from './nginx-parts.ts'
import { defaultDeadlineMs, refusedForNginx, reloadParts } from './reload-parts.ts'
import { restartParts } from './restart-parts.ts'
import { bothChecks, findManaged, type Found } from './service-input.ts'
import { startWithFiles } from './start-service.ts'
import { findStarted, unitBasis } from './started-service.ts'

export interface UndoParts {
  readonly checks: readonly Check[]
  readonly acts: readonly Act[]
  readonly disturbs: readonly string[]
  readonly basis: readonly BasisItem[]
  readonly guards: readonly Guard[]
  readonly warnings: readonly string[]
  readonly forecast: readonly string[]
}

const nothing: UndoParts = { checks: [], acts: [], disturbs: [], basis: [], guards: [], warnings: [], forecast: [] }

export function undoParts(facts: HostFacts, applied: AppliedFacts): Found<UndoParts> {
  const all: UndoParts[] = [ofSystemd(applied)]
  for (const undone of undoneServices(applied.plan)) {
    const parts = undone.service === nginxUnit ? ofNginx(facts, applied, undone) : ofFpm(facts, applied, undone)
    if (!parts.ok) return parts
    all.push(parts.value)
  }
  for (const change of applied.plan.changes) {
    if (change.of !== 'unit-setting') continue
    const found = findStarted(facts, change.service)
    if (!found.ok) return found
    all.push({ ...nothing, basis: [unitBasis(found.value)] })
  }
  return { ok: true, value: all.reduce(together, nothing) }
}

function together(a: UndoParts, b: UndoParts): UndoParts {
  return {
    checks: [...a.checks, ...b.checks],
    acts: [...a.acts, ...b.acts],
    disturbs: [...a.disturbs, ...b.disturbs],
    basis: [...a.basis, ...b.basis],
    guards: [...a.guards, ...b.guards],
    warnings: [...a.warnings, ...b.warnings],
    forecast: [...a.forecast, ...b.forecast],
  }
}

function ofSystemd({ plan }: AppliedFacts): UndoParts {
  return {
    ...nothing,
    checks: plan.checks.filter(({ check }) => check === 'unit-file'),
    acts: plan.acts.filter(({ act }) => act === 'daemon-reload'),
  }
}

/**
 * One that runs is told as the apply told it, by a reload also where that had started it: what runs and what is on disk would
 * differ otherwise. One that is down is started only where it was up before the apply and nobody wanted it down since.
 */
function ofFpm(facts: HostFacts, applied: AppliedFacts, { service: name, act }: UndoneService): Found<UndoParts> {
  const found = findManaged(facts, name)
  if (!found.ok) return found
  const { value: service } = found
  const checks = bothChecks('fpm-config', name)
  if (service.master === null) return { ok: true, value: { ...down(facts, applied, service, act), checks } }
  if (!isToBeTold(applied, act)) return { ok: true, value: { ...nothing, checks, warnings: runsOn(name, act) } }
  if (act?.act === 'restart')
    return { ok: true, value: { ...nothing, ...restartParts(facts, service, true), warnings: [] } }
  const refusal = refusedForNginx(facts, service)
  if (refusal) return { ok: false, refused: refusal }
  const deadlineMs = act?.act === 'reload-fpm' ? act.deadlineMs : defaultDeadlineMs
  return { ok: true, value: { ...reloadParts(facts, service, deadlineMs, true), warnings: runsOn(name, act) } }
}

function ofNginx(facts: HostFacts, applied: AppliedFacts, { service, act }: UndoneService): Found<UndoParts> {
  const found = findManagedNginx(facts)
  if (!found.ok) return found
  const { unit, master, journal, workerPids } = found.value
  const checks = bothChecks('nginx-config', service)
  if (master === null) return { ok: true, value: { ...down(facts, applied, { service, unit, journal }, act), checks } }
  if (!isToBeTold(applied, act)) return { ok: true, value: { ...nothing, checks, warnings: runsOn(service, act) } }
  return {
    ok: true,
    value: {
      ...nothing,
      checks,
      acts: [{ act: 'reload-nginx', service }],
      basis: [{ of: 'master', service, pid: master.pid, startTicks: master.startTicks }],
      warnings: [...runsOn(service, act), ...alsoLoads(facts)],
      forecast: [`${workerPids.length} workers of nginx will be replaced; each ends with its last request`],
    },
  }
}

function isToBeTold({ plan }: AppliedFacts, act: UndoneService['act']): boolean {
  return act !== null && (act.act !== 'start' || changesConfig(plan))
}

function runsOn(service: string, act: UndoneService['act']): readonly string[] {
  return act?.act === 'start' ? [`${service} was started by it, and runs on: a start is not undone.`] : []
}

function down(facts: HostFacts, applied: AppliedFacts, service: Stoppable, act: UndoneService['act']): UndoParts {
  const wasUp = applied.before?.services.some((each) => each.service === service.service && each.wasUp) === true
  const started =
    wasUp && act !== null
      ? startWithFiles(facts, service)
      : { acts: [], warnings: [`${service.service} is down, and is left so.`] }
  return { ...nothing, ...started, basis: [unitBasis(service)] }
}
