/** Nothing brings PHP-FPM back when its master dies. */
import { isInUse } from '../../judgement/same-address.ts'
import { defineDiagnosis } from '../define.ts'

export const noAutoRestart = defineDiagnosis({
  id: 'no-auto-restart',
  title: 'PHP-FPM is not restarted when it dies',
  role: 'risk',
  meaning:
    "The unit has Restart=no, as Debian 12 and PHP's own template ship it. One crash of the master, or one worker killed " +
    'for memory under the default OOMPolicy=stop, takes every site of this FPM down until somebody notices.',
  judge: (facts) =>
    facts.fpm
      .filter(({ unit }) => unit.restart === 'no' && unit.loadState === 'loaded')
      .filter((service) => isInUse(facts, service))
      .map(({ service, unit }) => ({
        diagnosis: 'no-auto-restart',
        role: 'risk',
        subject: { kind: 'service', name: service },
        says: `${service} is not started again when it dies (Restart=no).`,
        evidence: [
          {
            source: `systemctl show ${service}`,
            says: `Restart=${unit.restart}, from ${[unit.fragmentPath, ...unit.dropInPaths].join(', ')}`,
          },
        ],
        remediations: [{ id: 'restart-on-failure', input: { service } }],
      })),
})
