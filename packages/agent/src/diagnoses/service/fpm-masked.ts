/** The unit of PHP-FPM is masked: nothing can start it. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { whoDid } from '../../judgement/who-did.ts'
import type { UnitProperties } from '../../readings/unit-properties.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmMasked = defineDiagnosis({
  id: 'fpm-masked',
  title: 'PHP-FPM is masked',
  role: 'cause',
  meaning:
    'A link to /dev/null stands in the place of the unit, made by `systemctl mask`: every start fails with "Unit is ' +
    'masked", at boot, by hand and by other units. That is nothing that happens by itself; somebody may have had a ' +
    'reason. While it still runs it is a risk: the next stop or boot is its end.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const { unit, mask, master } = service
  if (!unit?.loadState.startsWith('masked') || !isInUse(facts, service)) return []
  const when = mask ? ` at ${instantOf(mask.madeAtMs)}` : ''
  const who = mask ? whoDid(facts, service.service, ['mask'], mask.madeAtMs) : null
  const by = who?.name ? ` by ${who.name}` : ''
  const thenStart = master ? '' : `, then \`systemctl start ${service.service}\``
  return [
    {
      diagnosis: 'fpm-masked',
      role: master ? 'risk' : 'cause',
      subject: { kind: 'service', name: service.service },
      says: master
        ? `${service.service} runs, but was masked${when}${by}: once stopped, nothing can start it.`
        : `${service.service} is down and was masked${when}${by}: nothing can start it.`,
      evidence: [...maskEvidence(service, unit), ...(who?.evidence ?? []), ...siteEvidence(facts, service.pools)],
      remediations: [],
      withoutRemediation: `Ask who masked it, and why. If that is over: \`systemctl unmask ${service.service}\`${thenStart}.`,
    },
  ]
}

function maskEvidence({ mask, service }: FpmFacts, unit: UnitProperties): readonly Evidence[] {
  return [
    {
      source: `systemctl show ${service}`,
      says: `LoadState=${unit.loadState}, ${unit.activeState}/${unit.subState}, unit file ${unit.unitFileState}`,
    },
    ...(mask ? [{ source: mask.path, says: `leads to ${mask.leadsTo}`, at: instantOf(mask.madeAtMs) }] : []),
  ]
}
