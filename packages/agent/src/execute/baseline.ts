/** The host just before the first change, as it is kept in the journal: what comes after is judged against it. */
import { rereadsConfig, type HostDiagnosis, type Plan } from '@fleetmend/shared'
import type { Host } from '../host/host.ts'
import type { Baseline } from '../state/journal-entry.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { checkConfig } from './checks.ts'
import { accessLogsOf, trafficBefore } from './traffic.ts'
import { isUp } from './unit-state.ts'
import { servicesOf } from './verify.ts'

export async function takeBaseline(
  host: Host,
  plan: Plan,
  facts: HostFacts,
  diagnosis: HostDiagnosis,
): Promise<Baseline> {
  const services = servicesOf(plan)
  return {
    probes: diagnosis.probes,
    couldNotTell: diagnosis.couldNotTell,
    clears: plan.clears.map((clear) => ({ ...clear, role: roleOf(diagnosis, clear) })),
    services: await Promise.all(
      services.map(async (service) => ({
        service,
        wasUp: await wasUp(host, service),
        configPassed: await configPassed(host, plan, service),
      })),
    ),
    traffic: await trafficBefore(host, accessLogsOf(facts, services)),
  }
}

function roleOf(
  { findings }: HostDiagnosis,
  { diagnosis, subject }: Plan['clears'][number],
): Baseline['clears'][number]['role'] {
  const found = findings.find(
    (each) => each.diagnosis === diagnosis && each.subject.kind === subject.kind && each.subject.name === subject.name,
  )
  return found?.role ?? null
}

/** What cannot be told counts as down: then a rollback leaves the service as it finds it. */
async function wasUp(host: Host, service: string): Promise<boolean> {
  const up = await isUp(host, service)
  return up.ok && up.value
}

/** Only where a rollback would have to reload: a check gates it only if it passed before (DESIGN D9). */
async function configPassed(host: Host, plan: Plan, service: string): Promise<boolean | null> {
  const reads = plan.acts.some((act) => rereadsConfig(act) && act.service === service)
  if (!reads || plan.changes.length === 0) return null
  return (await checkConfig(host, service, new Map())).passed
}
