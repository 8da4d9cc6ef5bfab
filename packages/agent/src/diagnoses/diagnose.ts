/** All diagnoses over one look at a host, explained and ordered, with the verdict a person reads first. */
import type { CouldNotTell, Finding, HostDiagnosis, HostStatus, SiteProbe } from '@fleetmend/shared'
import { asCanBeDone } from '../judgement/by-hand.ts'
import { explain } from '../judgement/explain.ts'
import { failingProbes } from '../judgement/failing-probes.ts'
import { isMeant } from '../judgement/same-address.ts'
import { isNamed } from '../readings/is-named.ts'
import { hostRedactor, redactFinding, redactProbe, redactUnknown } from '../redaction/host-redactor.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { diagnoses } from './registry.ts'

export interface DiagnoseOptions {
  /** Only findings about what serves this `server_name`. */
  readonly site?: string
}

const roleOrder = ['cause', 'consequence', 'risk', 'note']

export function diagnose(facts: HostFacts, options: DiagnoseOptions = {}): HostDiagnosis {
  const found = explain(diagnoses.flatMap((diagnosis) => diagnosis.judge(facts)))
  const findings = found
    .filter((finding) => concerns(facts, finding, options.site))
    .map((finding) => asCanBeDone(facts, finding))
    .toSorted((a, b) => roleOrder.indexOf(a.role) - roleOrder.indexOf(b.role))
  const sites = [...(facts.nginx.sites.ok ? facts.nginx.sites.value : []), ...facts.nginx.proxied]
  const probes = [...sites.flatMap((site) => site.probes), ...facts.poolProbes]
  const failing = failingProbes(facts, probes)
  const redact = hostRedactor(facts)
  return {
    host: facts.host,
    outcome: 'diagnosed',
    status: statusOf(findings, failing),
    probes: probes.map((probe) => redactProbe(probe, redact)),
    findings: findings.map((finding) => redactFinding(finding, redact)),
    couldNotTell: [...facts.couldNotTell, ...unexplained(findings, failing)].map((each) => redactUnknown(each, redact)),
    tookMs: 0,
  }
}

function statusOf(findings: readonly Finding[], failing: readonly SiteProbe[]): HostStatus {
  if (failing.length > 0 || findings.some((finding) => finding.role === 'cause')) return 'failing'
  return findings.some((finding) => finding.role === 'risk') ? 'at-risk' : 'healthy'
}

/** A failing host without a cause found is reported as exactly that. */
function unexplained(findings: readonly Finding[], failing: readonly SiteProbe[]): readonly CouldNotTell[] {
  if (findings.some((finding) => finding.role === 'cause')) return []
  const sites = [...new Set(failing.map((probe) => probe.site))]
  return sites.map((site) => ({
    what: `why ${site} fails`,
    why: `no diagnosis fits: ${failing
      .filter((probe) => probe.site === site)
      .map((probe) => probe.says)
      .join('; ')}`,
  }))
}

function concerns(facts: HostFacts, finding: Finding, site: string | undefined): boolean {
  if (site === undefined || !facts.nginx.sites.ok) return true
  // Every site stands and falls with nginx.
  if (finding.subject.kind === 'service' && finding.subject.name === 'nginx') return true
  if (finding.subject.kind === 'site') {
    const all = [...facts.nginx.sites.value, ...facts.nginx.proxied]
    return all.some((each) => each.serverName === finding.subject.name && isNamed(each, site))
  }
  const upstreams = facts.nginx.sites.value.filter((each) => isNamed(each, site)).flatMap((each) => each.upstreams)
  return facts.fpm.some(
    (service) =>
      finding.subject.name.split('/')[0] === service.service &&
      service.pools.some(
        (pool) =>
          upstreams.some((upstream) => isMeant(facts, upstream, pool)) &&
          (finding.subject.kind !== 'pool' || finding.subject.name === pool.subject),
      ),
  )
}
