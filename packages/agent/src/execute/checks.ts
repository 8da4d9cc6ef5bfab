/** Runs the checks of a plan: against the planned files before anything is written, against the written ones before acting. */
import { isFileChange, type Check, type Plan } from '@fleetmend/shared'
import type { PlannedFiles, ReadHost } from '../host/host.ts'
import { checkFpmConfig } from './check-fpm-config.ts'
import { checkNginxConfig } from './check-nginx-config.ts'
import { nginxUnit } from '../readings/unit-properties.ts'
import { checkUnitFile } from './check-unit-file.ts'

export interface CheckResult {
  readonly check: Check
  readonly passed: boolean
  readonly says: string
}

/** In the plan's order; the first failure ends it. `planned` is empty for live checks. */
export async function runChecks(
  host: ReadHost,
  plan: Plan,
  when: Check['when'],
  planned: PlannedFiles,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = []
  for (const check of plan.checks.filter((each) => each.when === when)) {
    const { passed, says } = await runCheck(host, plan, check, planned)
    results.push({ check, passed, says })
    if (!passed) break
  }
  return results
}

async function runCheck(
  host: ReadHost,
  plan: Plan,
  check: Check,
  planned: PlannedFiles,
): Promise<{ readonly passed: boolean; readonly says: string }> {
  switch (check.check) {
    case 'fpm-config':
      return checkFpmConfig(host, check.service, planned)
    case 'nginx-config':
      return checkNginxConfig(host, planned)
    case 'unit-file':
      return checkUnitFile(
        host,
        check.service,
        planned,
        plan.changes.filter(isFileChange).map((change) => change.path),
      )
  }
}

/** Whether a service would accept its configuration: what any reload or restart of it needs. */
export async function checkConfig(
  host: ReadHost,
  service: string,
  planned: PlannedFiles,
): Promise<{ readonly passed: boolean; readonly says: string }> {
  return service === nginxUnit ? checkNginxConfig(host, planned) : checkFpmConfig(host, service, planned)
}
