/** The unit of PHP-FPM is masked: nothing can start it. */
import type { Finding } from '@fleetmend/shared'
import { isInUse } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { hasUnit } from '../../judgement/unit-service.ts'
import { wantedDown } from '../../judgement/wanted-down.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmMasked = defineDiagnosis({
  id: 'fpm-masked',
  title: 'PHP-FPM is masked',
  role: 'cause',
  meaning:
    'A link to /dev/null stands in the place of the unit, made by `systemctl mask`: every start fails with "Unit is ' +
    'masked", at boot, by hand and by other units. That is nothing that happens by itself; somebody may have had a ' +
    'reason: ask who masked it, and why. While it still runs it is a risk: the next stop or boot is its end.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const wanted = hasUnit(service) ? wantedDown(facts, service) : null
  if (wanted?.how !== 'masked' || !isInUse(facts, service)) return []
  const { service: name, master, pools } = service
  return [
    {
      diagnosis: 'fpm-masked',
      role: master ? 'risk' : 'cause',
      subject: { kind: 'service', name },
      says: master
        ? `${name} runs, but ${wanted.says}: once stopped, nothing can start it.`
        : `${name} is down and ${wanted.says}: nothing can start it.`,
      evidence: [...wanted.evidence, ...siteEvidence(facts, pools)],
      remediations: [{ id: 'unmask-service', input: { service: name, startStopped: true } }],
    },
  ]
}
