/** PHP-FPM's master died, and nothing brought it back. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { downStory, orphansOf } from '../../judgement/down-story.ts'
import { instantOf } from '../../judgement/instant.ts'
import { answersNow, isInUse } from '../../judgement/same-address.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { isBetweenStarts } from '../../judgement/stop-story.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmCrashed = defineDiagnosis({
  id: 'fpm-crashed',
  title: 'PHP-FPM has crashed',
  role: 'cause',
  meaning:
    'The master process was killed or ended with an error, and the unit is failed. A killed master leaves its socket ' +
    'file behind, so nginx answers 502 with "(111: Connection refused)". The stale file is no obstacle to a start and ' +
    'must not be deleted by hand. Debian 12 ships the unit without Restart=, so it stays down until somebody starts it. Where ' +
    'no unit keeps them together, workers outlive their master and go on answering: a risk, until they are gone.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const story = downStory(service)
  if (story.how !== 'crashed' || !isInUse(facts, service)) return []
  const { unit } = service
  const orphans = orphansOf(facts, service)
  const when = story.atMs === null ? '' : ` at ${instantOf(story.atMs)}`
  const comesBack = isBetweenStarts(service)
  const after = comesBack
    ? 'systemd is about to start it again'
    : unit && unit.restart !== 'no'
      ? 'it is down'
      : 'nothing starts it again'
  return [
    {
      diagnosis: 'fpm-crashed',
      role: orphans.length > 0 && answersNow(facts, service) ? 'risk' : 'cause',
      subject: { kind: 'service', name: service.service },
      says: `${service.service} ${story.says}${when}, and ${after}.${left(orphans)}`,
      evidence: [...story.evidence, ...orphanEvidence(orphans), ...siteEvidence(facts, service.pools)],
      remediations: [
        { id: 'start-service', input: { service: service.service } },
        ...(unit === null || unit.restart === 'no'
          ? [{ id: 'restart-on-failure', input: { service: service.service } }]
          : []),
      ],
    },
  ]
}

function left(orphans: readonly number[]): string {
  if (orphans.length === 0) return ''
  const many = orphans.length === 1 ? 'One worker of it is' : `${orphans.length} workers of it are`
  return ` ${many} left and still ${orphans.length === 1 ? 'takes' : 'take'} requests; a start needs them gone (\`kill -QUIT ${orphans.slice(0, 8).join(' ')}\`).`
}

function orphanEvidence(orphans: readonly number[]): readonly Evidence[] {
  return orphans.length === 0
    ? []
    : [{ source: 'ss -lxp and ss -ltnp', says: `workers without a master listen: ${orphans.slice(0, 8).join(', ')}` }]
}
