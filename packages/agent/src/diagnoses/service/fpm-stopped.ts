/** PHP-FPM is not running because it was stopped, ended by itself, or was never started. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { downStory, type DownStory } from '../../judgement/down-story.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { instantOf } from '../../judgement/instant.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { hasUnit, isStoodInFor } from '../../judgement/unit-service.ts'
import { isDisabled, stoppingVerbs } from '../../judgement/wanted-down.ts'
import { whoDid } from '../../judgement/who-did.ts'
import type { UnitProperties } from '../../readings/unit-properties.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmStopped = defineDiagnosis({
  id: 'fpm-stopped',
  title: 'PHP-FPM is stopped',
  role: 'cause',
  meaning:
    'The service is down without having failed. After a clean stop FPM removes its socket, so nginx answers 502 with ' +
    '"(2: No such file or directory)" while connecting. Somebody may have stopped it on purpose: then it is started ' +
    'only when you say so.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const story = downStory(service)
  if (isStoodInFor(service) && isInUse(facts, service)) return [beside(service)]
  if (service.unit?.loadState.startsWith('masked') || service.unit?.activeState === 'activating') return []
  if (story.how === 'up' || story.how === 'crashed' || !isInUse(facts, service)) return []
  const onPurpose = story.how === 'stopped-on-purpose'
  const isWanted = onPurpose || (story.how === 'never-started' && hasUnit(service) && isDisabled(service))
  const who = onPurpose ? whoDid(facts, service.service, stoppingVerbs, story.askedAtMs) : null
  return [
    {
      diagnosis: 'fpm-stopped',
      role: 'cause',
      subject: { kind: 'service', name: service.service },
      says: sentence(service.service, story, who?.name ?? null),
      evidence: [...storyEvidence(service, story), ...(who?.evidence ?? []), ...siteEvidence(facts, service.pools)],
      remediations: [
        { id: 'start-service', input: { service: service.service, ...(isWanted ? { startStopped: true } : {}) } },
      ],
    },
  ]
}

function sentence(service: string, story: Exclude<DownStory, { how: 'up' | 'crashed' }>, who: string | null): string {
  const when = 'atMs' in story && story.atMs !== null ? ` at ${instantOf(story.atMs)}` : ''
  switch (story.how) {
    case 'never-started':
      return `${service} has not been started since this host booted.`
    case 'stopped-on-purpose':
      return who === null
        ? `${service} was stopped${when} through systemctl, as an operator does it.`
        : `${service} was stopped${when} through systemctl by ${who}.`
    case 'ended-by-itself':
      return `${service} ended by itself${when}, with a clean exit that nobody asked systemd for.`
    case 'told-to-end':
      return `${service} was told to end${when}, and nothing has started it again.`
    case 'not-known':
      return `${service} is not running; what ended it, if it ever ran, left no trace.`
  }
}

function storyEvidence(service: FpmFacts, story: DownStory): readonly Evidence[] {
  if ('evidence' in story) return story.evidence
  return hasUnit(service)
    ? [{ source: `systemctl show ${service.service}`, says: `${stateOf(service.unit)}, never started` }]
    : []
}

function stateOf({ activeState, subState, unitFileState }: UnitProperties): string {
  return `${activeState}/${subState}, unit file ${unitFileState}`
}

/** Sites answer, so that it is no cause yet. */
function beside(service: FpmFacts): Finding {
  const { master, unit } = service
  const pid = master?.pid ?? 0
  return {
    diagnosis: 'fpm-stopped',
    role: 'risk',
    subject: { kind: 'service', name: service.service },
    says: `The unit ${service.service} is ${unit?.activeState ?? 'down'}; a PHP-FPM that was started beside it (pid ${pid}) answers in its place. Nothing starts that one again, and the unit cannot start while it runs.`,
    evidence: [
      ...(unit ? [{ source: `systemctl show ${service.service}`, says: stateOf(unit) }] : []),
      { source: `/proc/${pid}`, says: `${master?.title ?? ''}, child of process ${master?.parentPid ?? 0}` },
    ],
    remediations: [],
    withoutRemediation:
      `At a quiet moment \`kill -QUIT ${pid}\`, then \`systemctl reset-failed ${service.service}; systemctl start ` +
      `${service.service}\`; requests in flight are lost.`,
  }
}
