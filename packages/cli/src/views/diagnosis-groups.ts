/** Hosts with the same trouble: what a person reads once. Pure. */
import type { Finding, HostDiagnosis } from '@fleetmend/shared'

/** The worst first, then the biggest; hosts of a group stay in their order. */
export function diagnosisGroups(hosts: readonly HostDiagnosis[]): readonly (readonly HostDiagnosis[])[] {
  const groups = Map.groupBy(hosts, troubleOf)
  return [...groups.values()].toSorted((a, b) => rank(a[0]) - rank(b[0]) || b.length - a.length)
}

/** The same diagnoses of the same things; numbers in sentences and times in evidence differ from host to host. */
function troubleOf({ outcome, status, findings, couldNotTell, says }: HostDiagnosis): string {
  const about = (finding: Finding) =>
    [finding.role, finding.diagnosis, finding.subject.kind, finding.subject.name].join(' ')
  return JSON.stringify([
    outcome,
    status,
    findings.map(about).toSorted(),
    couldNotTell.map(({ what }) => what).toSorted(),
    outcome === 'diagnosed' ? null : says,
  ])
}

function rank(host: HostDiagnosis | undefined): number {
  if (host?.status === 'failing') return 0
  if (host?.outcome !== 'diagnosed') return 1
  return host.status === 'at-risk' ? 2 : 3
}
