/** PHP-FPM's master died, and nothing brought it back. */
import type { Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { isBetweenStarts, stopStory } from '../../judgement/stop-story.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmCrashed = defineDiagnosis({
  id: 'fpm-crashed',
  title: 'PHP-FPM has crashed',
  role: 'cause',
  meaning:
    'The master process was killed or ended with an error, and the unit is failed. A killed master leaves its socket ' +
    'file behind, so nginx answers 502 with "(111: Connection refused)". The stale file is no obstacle to a start and ' +
    'must not be deleted by hand. Debian 12 ships the unit without Restart=, so it stays down until somebody starts it.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const story = stopStory(service)
  if (story.how !== 'crashed' || !isInUse(facts, service)) return []
  const { unit } = service
  const when = story.atMs === null ? '' : ` at ${instantOf(story.atMs)}`
  const comesBack = isBetweenStarts(service)
  const after = comesBack
    ? 'systemd is about to start it again'
    : unit.restart === 'no'
      ? 'nothing starts it again'
      : 'it is down'
  return [
    {
      diagnosis: 'fpm-crashed',
      role: 'cause',
      subject: { kind: 'service', name: service.service },
      says: `${service.service} ${story.says}${when}, and ${after}.`,
      evidence: [...story.evidence, ...siteEvidence(facts, service.pools)],
      remediations: [
        { id: 'start-service', input: { service: service.service } },
        ...(unit.restart === 'no' ? [{ id: 'restart-on-failure', input: { service: service.service } }] : []),
      ],
    },
  ]
}
