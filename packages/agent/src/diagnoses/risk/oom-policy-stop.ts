/** One worker killed for memory makes systemd stop the whole of PHP-FPM. */
import { isInUse } from '../../judgement/same-address.ts'
import { hasUnit } from '../../judgement/unit-service.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const oomPolicyStop = defineDiagnosis({
  id: 'oom-policy-stop',
  title: 'One worker out of memory stops all of PHP-FPM',
  role: 'risk',
  meaning:
    'With cgroup v2, systemd sees when the kernel kills any process of a unit for memory, and OOMPolicy=stop, its default, ' +
    'then stops the whole unit: one fat request takes every site down, at best for the time of a restart. FPM itself ' +
    'would only start another worker. Where nothing restarts the unit either, no-auto-restart says so, and the same ' +
    'drop-in mends both.',
  judge: (facts) =>
    facts.fpm
      .filter(hasUnit)
      .filter((service) => stopsForOneWorker(facts, service) && service.unit.restart !== 'no')
      .filter((service) => isInUse(facts, service))
      .map(({ service, unit }) => ({
        diagnosis: 'oom-policy-stop',
        role: 'risk',
        subject: { kind: 'service', name: service },
        says: `If the kernel kills one worker of ${service} for memory, systemd takes down all of them.`,
        evidence: [
          {
            source: `systemctl show ${service}`,
            says: `OOMPolicy=${unit.oomPolicy}, from ${[unit.fragmentPath, ...unit.dropInPaths].join(', ')}`,
          },
        ],
        remediations: [{ id: 'restart-on-failure', input: { service } }],
      })),
})

/** cgroup v1 does not tell systemd of kills, so that the policy means nothing there. */
export function stopsForOneWorker({ capacity }: HostFacts, { service, unit }: FpmFacts): boolean {
  return unit?.oomPolicy === 'stop' && capacity.fpm.get(service)?.memory?.version === 2
}
