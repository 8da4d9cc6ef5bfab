/** Nothing starts PHP-FPM at boot, though a site needs it. */
import type { Finding } from '@fleetmend/shared'
import { sitesOf } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { stopStory } from '../../judgement/stop-story.ts'
import { isDisabled } from '../../judgement/wanted-down.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmDisabled = defineDiagnosis({
  id: 'fpm-disabled',
  title: 'PHP-FPM is not started at boot',
  role: 'cause',
  meaning:
    'The unit is disabled, and nothing else starts it: after a boot the sites that need it answer 502 with "(2: No such ' +
    'file or directory)" until somebody starts it. While it runs, that is a risk, which the next boot makes come true. If it ' +
    'is not meant to run, the sites should not point to it.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const { unit, master } = service
  const sites = sitesOf(facts, service.pools)
  if (!unit || !isDisabled({ unit }) || sites.length === 0) return []
  const down = !master && stopStory({ ...service, unit }).how === 'never-started'
  const needs = sites.map(({ serverName }) => serverName).join(', ')
  return [
    {
      diagnosis: 'fpm-disabled',
      role: down ? 'cause' : 'risk',
      subject: { kind: 'service', name: service.service },
      says: down
        ? `${service.service} has not been started since this host booted, because its unit is disabled.`
        : `${service.service} would not come back after a boot, because its unit is disabled.`,
      evidence: [
        {
          source: `systemctl show ${service.service}`,
          says: `unit file disabled, no unit starts it, ${unit.activeState}/${unit.subState}`,
        },
        { source: 'nginx configuration', says: `${needs} sends its PHP requests there` },
        ...siteEvidence(facts, service.pools),
      ],
      remediations: [{ id: 'enable-service', input: { service: service.service, startStopped: true } }],
    },
  ]
}
