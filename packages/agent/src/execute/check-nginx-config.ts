/**
 * Whether nginx accepts its configuration, as it is or as planned: `nginx -t` in a private mount namespace. A reload that
 * nginx refuses leaves the old workers at work, a restart does not.
 */
import type { PlannedFiles, ReadHost } from '../host/host.ts'
import { forPeople } from '../readings/bytes.ts'
import { redactProse } from '../redaction/redact-prose.ts'
import { findNginx } from '../survey/nginx-facts.ts'
import { namedConfig, testNginxConfig } from '../survey/nginx-test.ts'
import { readUnits } from '../survey/units.ts'
import { plannedView } from './planned-view.ts'

export async function checkNginxConfig(
  host: ReadHost,
  planned: PlannedFiles,
): Promise<{ readonly passed: boolean; readonly says: string }> {
  const cannotTell = (says: string) => ({
    passed: false,
    says: `Whether nginx accepts its files cannot be told: ${says}.`,
  })
  const [processes, units] = [await host.processes(), await readUnits(host)]
  if (!processes.ok) return cannotTell(processes.says)
  if (!units.ok) return cannotTell(units.says)
  const { nginx: unit } = units.value
  const { binary, master } = await findNginx(host, unit, processes.value)
  const test = await testNginxConfig(
    host,
    { binary, config: namedConfig(unit, master), planned },
    { view: plannedView(host, planned) },
  )
  if (!test.ok) return cannotTell(test.says)
  const { passes, exitCode, says } = test.value
  if (passes) return { passed: true, says: 'nginx accepts its configuration.' }
  const lines = says.slice(0, shownLines).map((line) => redactProse(forPeople(line)).trim())
  return {
    passed: false,
    says: `nginx refuses its configuration (exit code ${exitCode}): ${lines.join(' · ') || 'it does not say why.'}`,
  }
}

const shownLines = 4
