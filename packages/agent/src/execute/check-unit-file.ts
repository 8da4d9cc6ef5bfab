/**
 * Whether systemd understands the files of a unit as planned. `systemd-analyze verify` exits 0 although it ignores keys,
 * so every line that names one of our files is a failure (reference G.2).
 */
import type { PlannedFiles, Read, ReadHost, ToolOutput } from '../host/host.ts'
import { forPeople } from '../readings/bytes.ts'
import { redactProse } from '../redaction/redact-prose.ts'

export interface UnitFileCheck {
  readonly passed: boolean
  readonly says: string
}

/** `ours` are the files that the plan changes, planned or written. */
export async function checkUnitFile(
  host: ReadHost,
  service: string,
  planned: PlannedFiles,
  ours: readonly string[],
): Promise<UnitFileCheck> {
  const verified = await host.ask({ tool: 'unit-verify', service, planned })
  if (!verified.ok)
    return { passed: false, says: `Whether systemd understands ${service} cannot be told: ${verified.says}.` }
  const complaints = linesOf(verified.value)
  const aboutOurs = complaints.filter((line) => ours.some((path) => line.includes(path)))
  if (aboutOurs.length > 0)
    return { passed: false, says: `systemd does not understand what is planned: ${aboutOurs.join(' · ')}` }
  if (verified.value.exitCode === 0) return { passed: true, says: `systemd understands the unit ${service}.` }
  if (planned.size > 0 && (await complainedBefore(host, service, complaints))) {
    return {
      passed: true,
      says: `systemd complains about ${service}, but no more than without the plan: ${complaints.join(' · ')}`,
    }
  }
  return {
    passed: false,
    says: `systemd does not accept ${service} (exit code ${verified.value.exitCode}): ${complaints.join(' · ') || 'it does not say why.'}`,
  }
}

async function complainedBefore(host: ReadHost, service: string, complaints: readonly string[]): Promise<boolean> {
  const live: Read<ToolOutput> = await host.ask({ tool: 'unit-verify', service, planned: new Map() })
  if (!live.ok || live.value.exitCode === 0) return false
  const before = new Set(linesOf(live.value))
  return complaints.every((line) => before.has(line))
}

function linesOf({ stderr }: ToolOutput): readonly string[] {
  return redactProse(forPeople(stderr))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
