/** Runs a plan's checks: against the planned files in a private view, or against the written ones. */
import type { Check, Plan } from '@fleetmend/shared'
import type { PlannedFiles, ReadHost } from '../host/host.ts'
import { forPeople } from '../readings/bytes.ts'
import type { HostFacts } from '../survey/host-facts.ts'

/** A sentence for each check that does not pass; empty: go on. A check that could not be made does not pass. */
export async function failingChecks(host: ReadHost, facts: HostFacts, plan: Plan, when: Check['when'], planned: PlannedFiles): Promise<readonly string[]> {
  const checks = plan.checks.filter((check) => check.when === when)
  const failures = await Promise.all(checks.map((check) => failure(host, facts, check, when === 'planned' ? planned : new Map())))
  return failures.filter((says) => says !== null)
}

async function failure(host: ReadHost, facts: HostFacts, check: Check, planned: PlannedFiles): Promise<string | null> {
  if (check.check === 'unit-file') return unitFailure(host, check.service, planned)
  const service = facts.fpm.find((each) => each.service === check.service)
  if (!service) return `${check.service} cannot be found any more.`
  const test = await host.ask({ tool: 'fpm-config-test', binary: service.binary, config: service.configPath, planned })
  if (!test.ok) return `${check.service} could not be tested: ${test.says}.`
  return test.value.exitCode === 0 ? null : `${check.service} refuses the configuration (exit code ${test.value.exitCode}): ${summary(test.value.stderr)}`
}

/** systemd-analyze exits 0 although it ignores keys it does not know; only its words tell (reference G.2). */
async function unitFailure(host: ReadHost, service: string, planned: PlannedFiles): Promise<string | null> {
  const verify = await host.ask({ tool: 'unit-verify', service, planned })
  if (!verify.ok) return `The unit of ${service} could not be verified: ${verify.says}.`
  const ours = verify.value.stderr.split('\n').filter((line) => [...planned.keys()].some((path) => line.includes(path)))
  if (ours.length > 0) return `systemd does not understand the unit of ${service}: ${summary(ours.join('\n'))}`
  return verify.value.exitCode === 0 ? null : `systemd refuses the unit of ${service}: ${summary(verify.value.stderr)}`
}

function summary(stderr: string): string {
  const lines = forPeople(stderr).split('\n').filter((line) => line.trim() !== '')
  return lines.slice(0, 4).join(' · ')
}
