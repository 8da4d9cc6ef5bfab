/** Nothing brings PHP-FPM back when its master dies. */
import type { Evidence } from '@fleetmend/shared'
import { isInUse } from '../../judgement/same-address.ts'
import { hasUnit } from '../../judgement/unit-service.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'
import { stopsForOneWorker } from './oom-policy-stop.ts'
import { reloadsUntested } from './reload-unguarded.ts'

export const noAutoRestart = defineDiagnosis({
  id: 'no-auto-restart',
  title: 'PHP-FPM is not restarted when it dies',
  role: 'risk',
  meaning:
    "The unit has Restart=no, as Debian 12 and PHP's own template ship it. One crash of the master, or one worker killed " +
    'for memory under the default OOMPolicy=stop, takes every site of this FPM down until somebody notices.',
  judge: (facts) =>
    facts.fpm
      .filter(hasUnit)
      .filter(({ unit }) => unit.restart === 'no' && unit.loadState === 'loaded')
      .filter((service) => isInUse(facts, service))
      .map((each) => ({
        diagnosis: 'no-auto-restart',
        role: 'risk',
        subject: { kind: 'service', name: each.service },
        says: `${each.service} is not started again when it dies (Restart=no).`,
        evidence: [
          {
            source: `systemctl show ${each.service}`,
            says: `Restart=${each.unit.restart}, from ${[each.unit.fragmentPath, ...each.unit.dropInPaths].join(', ')}`,
          },
          ...alsoMended(facts, each),
        ],
        remediations: [{ id: 'restart-on-failure', input: { service: each.service } }],
      })),
})

/** What the same drop-in mends; said by diagnoses of their own only where this one is silent. */
function alsoMended(facts: HostFacts, service: FpmFacts): readonly Evidence[] {
  const source = `systemctl show ${service.service}`
  return [
    ...(stopsForOneWorker(facts, service)
      ? [{ source, says: 'OOMPolicy=stop: one worker killed for memory takes down all of them' }]
      : []),
    ...(reloadsUntested(service)
      ? [{ source, says: 'ExecReload= does not test the configuration before it signals the master' }]
      : []),
  ]
}
