/** Hides secrets in what is said of one host, those too that only its own configuration tells to be secrets. */
import type { CouldNotTell, Finding, SiteProbe } from '@fleetmend/shared'
import type { HostFacts } from '../survey/host-facts.ts'
import { knownSecrets } from './known-secrets.ts'
import { redactProse } from './redact-prose.ts'

export type Redactor = (text: string) => string

export function hostRedactor(facts: HostFacts): Redactor {
  const fpm = facts.fpm.flatMap(({ config, dropIns }) => [...(config.ok ? config.value.files : []), ...dropIns])
  const nginx = facts.nginx.config.ok ? facts.nginx.config.value.files : []
  const known = knownSecrets([...fpm, ...nginx].map(({ text }) => text))
  return (text) => redactProse(text, known)
}

/** Evidence quotes logs, commands and configuration; every finding passes here before anything is made of it. */
export function redactFinding(finding: Finding, redact: Redactor): Finding {
  const { withoutRemediation } = finding
  return {
    ...finding,
    says: redact(finding.says),
    evidence: finding.evidence.map((each) => ({ ...each, says: redact(each.says) })),
    ...(withoutRemediation === undefined ? {} : { withoutRemediation: redact(withoutRemediation) }),
  }
}

export function redactUnknown({ what, why }: CouldNotTell, redact: Redactor): CouldNotTell {
  return { what: redact(what), why: redact(why) }
}

export function redactProbe(probe: SiteProbe, redact: Redactor): SiteProbe {
  return { ...probe, says: redact(probe.says) }
}
