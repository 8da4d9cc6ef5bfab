/** Which finding explains which, so that one cause is not reported as five. Reads like the chapter it replaces. */
import type { Finding } from '@fleetmend/shared'

export interface Explanation {
  readonly finding: string
  readonly by: string
  readonly why: string
}

/** Both must be about the same service (a pool belongs to its service). */
export const explanations: readonly Explanation[] = [
  {
    finding: 'fpm-crashed',
    by: 'fpm-config-invalid',
    why: 'a master that meets a bad line exits with 78, which systemd counts as a failure',
  },
  { finding: 'fpm-stopped', by: 'fpm-config-invalid', why: 'it cannot be started while the configuration is refused' },
]

/** The same findings, with those that another one explains made consequences without remediations of their own. */
export function explain(findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => {
    const row = explanations.find(
      ({ finding: id, by }) =>
        id === finding.diagnosis &&
        findings.some((other) => other.diagnosis === by && serviceOf(other) === serviceOf(finding)),
    )
    return row ? { ...finding, role: 'consequence', explainedBy: row.by, remediations: [] } : finding
  })
}

function serviceOf(finding: Finding): string {
  return finding.subject.name.split('/')[0] ?? ''
}
